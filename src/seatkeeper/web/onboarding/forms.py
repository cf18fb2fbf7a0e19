"""Forms of the onboarding pages; what must stand in them is said by the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from seatkeeper.services import app_registrations, catalogue
from seatkeeper.services.consent_links import LONGEST_CUSTOMER, NewLink
from seatkeeper.services.members import Who
from seatkeeper.web.applications.forms import HIDDEN, list_asked, text_field, threshold_field, ticks_field, to_field


class RegistrationForm(forms.Form):
    """The organization's own app registration. What is stored of its credential is never shown."""

    def __init__(self, who: Who, data: Any = None, files: Any = None) -> None:
        kept = app_registrations.fill_form(who)
        super().__init__(data, files, initial=dict(kept))
        self.asked = list_asked(who, app_registrations.list_fields(who), kept)
        for asked in self.asked:
            field = self.fields[asked.key] = to_field(asked, is_chosen=True)
            if asked.key == "client_id":
                field.required, field.help_text = True, "Application (client) ID of the registration."
            elif kept and asked.identity:
                field.disabled, field.help_text = True, "For another tenant, forget this registration first."
            elif kept and asked.kind in HIDDEN:
                field.help_text = "Leave empty to keep the stored one. A new one replaces that of all customers."

    @property
    def lines(self) -> Sequence[forms.BoundField]:
        return [self[each.key] for each in self.asked if not each.folded]

    @property
    def folded(self) -> Sequence[forms.BoundField]:
        return [self[each.key] for each in self.asked if each.folded]

    @property
    def is_unfolded(self) -> bool:
        return any(field.value() or field.errors for field in self.folded)

    def given(self) -> dict[str, str]:
        """By the keys of the vendor's form; what is left empty of the credential stays."""
        read = {each.key: self.cleaned_data.get(each.key) or "" for each in self.asked if each.key in self.cleaned_data}
        hidden = {each.key for each in self.asked if each.kind in HIDDEN}
        return {key: text for key, text in read.items() if text or (key not in hidden and self.initial)}


class LinkForm(forms.Form):
    """A customer who is to join."""

    customer = text_field("Customer", "What to call them. Applications are called by it, too.", most=LONGEST_CUSTOMER)
    tenant_id = text_field(
        "Tenant", "Their tenant's id or a domain, if you know it: then no other tenant can answer.", required=False
    )
    products = ticks_field("Products", "Tick at least one product.")
    tasks = ticks_field("Tasks", "Tick at least one task.")
    threshold_days = threshold_field()
    tags = text_field("Tags", "Your own labels, comma separated.", most=1000, required=False)

    def __init__(self, who: Who, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        vendor = app_registrations.vendor()
        products: Any = self.fields["products"]
        products.choices = [(each.key, each.title) for each in vendor.products().products]
        tasks: Any = self.fields["tasks"]
        kinds = catalogue.list_tasks(who, products.choices[0][0])
        tasks.choices = [(kind.key, kind.title) for kind in kinds]
        self.initial.setdefault("tasks", [kind.key for kind in kinds if not kind.optional])

    def new(self) -> NewLink:
        return NewLink(**self.cleaned_data)
