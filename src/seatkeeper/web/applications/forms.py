"""Forms of the applications' pages. They read what was typed; what it must be is said by the services."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, cast

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from seatkeeper.services import addresses, catalogue, own_identity
from seatkeeper.services.application_input import THRESHOLDS, Edit, NewApplication
from seatkeeper.services.applications import fill_form, list_ticked, version_of
from seatkeeper.services.catalogue import FEDERATED, FieldKind, FormField
from seatkeeper.services.members import Who

if TYPE_CHECKING:
    from seatkeeper.store.models import Application

LARGEST_FILE: Final = 64 * 1024
HIDDEN: Final = (FieldKind.SECRET, FieldKind.FILE)  # what is stored of them is never shown
SHOWN: Final = "application as it was shown"


def text_field(label: str, hint: str = "", *, most: int = 300, required: bool = True, **looks: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false", **looks})
    return forms.CharField(label=label, help_text=hint, max_length=most, required=required, widget=widget)


class TextFile(forms.FileField):
    """A file that is read as text at once; where bytes may be given, they become base64."""

    def __init__(self, *, binary: bool, **told: Any) -> None:
        super().__init__(**told)
        self.binary = binary

    def clean(self, data: UploadedFile[bytes] | None, initial: Any = None) -> str | None:
        file = super().clean(data, initial)
        if file is None:
            return None
        if file.size is None or file.size > LARGEST_FILE:
            raise forms.ValidationError("The file is larger than 64 kB; this cannot be the right one.")
        body: bytes = file.read()
        try:
            return body.decode()
        except UnicodeDecodeError:
            if self.binary:
                return b64encode(body).decode()
            raise forms.ValidationError("The file is not text.") from None


def to_field(asked: FormField, *, is_chosen: bool) -> forms.Field:
    """A field of a vendor's form. A secret is never written back; a choice that nobody has made yet need not be made:
    a product that joins the connection of a tenant takes what was chosen there.
    """
    told: dict[str, Any] = {"label": asked.title, "help_text": asked.help, "required": asked.required}
    if asked.kind is FieldKind.SECRET:
        hidden = forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "off"})
        return forms.CharField(max_length=1000, strip=False, widget=hidden, **told)
    if asked.kind is FieldKind.FILE:
        return TextFile(binary=asked.binary, widget=forms.FileInput(attrs={"class": "form-control"}), **told)
    if asked.kind is FieldKind.LONG_TEXT:
        box = forms.Textarea(attrs={"class": "form-control", "rows": 4, "spellcheck": "false"})
        return forms.CharField(max_length=LARGEST_FILE, widget=box, **told)
    if asked.kind is FieldKind.DATE:
        day = forms.DateInput(attrs={"class": "form-control", "type": "date"})
        return forms.CharField(max_length=40, widget=day, **told)
    if asked.kind is FieldKind.CHOICE:
        menu, choices = forms.Select(attrs={"class": "form-select"}), list(asked.choices.items())
        if not is_chosen:
            hint = f"Default: {choices[0][1]}; for a tenant that is read already, what was chosen there."
            told |= {"required": False, "help_text": f"{asked.help} {hint}".strip()}
            choices.insert(0, ("", "Default"))
        return forms.ChoiceField(choices=choices, widget=menu, **told)
    return text_field(asked.title, asked.help, required=asked.required, placeholder=asked.placeholder)


def ticks_field(label: str, required: str, hint: str = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        help_text=hint,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": required},
    )


def threshold_field() -> forms.IntegerField:
    bounds = {"list": "thresholds", "min": THRESHOLDS.start, "max": THRESHOLDS[-1]}
    return forms.IntegerField(
        label="Activity threshold",
        initial=60,
        help_text="Days without a sign-in after which somebody counts as inactive.",
        widget=forms.NumberInput(attrs={"class": "form-control", **bounds}),
    )


def list_asked(who: Who, fields: Sequence[FormField], initial: Mapping[str, Any]) -> list[FormField]:
    """Of a vendor's form, what somebody may fill in, and what is filled in already."""
    may_move = addresses.are_allowed(who)
    as_server = own_identity.is_offered(who) or initial.get(own_identity.FIELD) == FEDERATED
    return [
        each
        for each in fields
        if (may_move or not each.address or initial.get(each.key))
        and (as_server or not each.identity_of_server)
        and not each.signed_in
    ]


class ConnectForm(forms.Form):
    """What Add Application asks for a product: which tenant, as whom, what of it, and how it is judged."""

    name = text_field("Name", "How the application is called here; must be unique.", most=200)
    tasks = ticks_field("Tasks", "Tick at least one task.")
    threshold_days = threshold_field()
    tags = text_field("Tags", "Your own labels, comma separated.", most=1000, required=False)

    def __init__(self, who: Who, product: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.product = product
        self.asked = list_asked(who, catalogue.list_fields(who, product), self.initial)
        kinds = catalogue.list_tasks(who, product)
        tasks: Any = self.fields["tasks"]
        tasks.choices = [(kind.key, kind.title) for kind in kinds]
        tasks.help_text = " ".join(kind.hint for kind in kinds if kind.hint)
        self.initial.setdefault("tasks", [kind.key for kind in kinds if not kind.optional])
        for asked in self.asked:
            self.fields[asked.key] = to_field(asked, is_chosen=asked.key in self.initial)

    @property
    def lines(self) -> Sequence[forms.BoundField]:
        return [self[f.key] for f in self.asked if f.kind is FieldKind.TEXT and not f.folded]

    @property
    def halves(self) -> Sequence[forms.BoundField]:
        """Fields of which two stand side by side."""
        short = [self[f.key] for f in self.asked if f.kind is not FieldKind.TEXT and not f.folded]
        return [*short, self["threshold_days"]]

    @property
    def folded(self) -> Sequence[forms.BoundField]:
        return [self[f.key] for f in self.asked if f.folded]

    @property
    def is_unfolded(self) -> bool:
        """Whether the folded part is worth showing: something stands in it."""
        return any(field.value() or field.errors for field in self.folded)

    @property
    def named(self) -> bool:
        """Whether one application is asked for, by its name."""
        return "name" in self.fields

    def new(self) -> NewApplication:
        """What is to be added, as far as the form could be read."""
        typed = {f.key: value for f in self.asked if (value := self.cleaned_data.get(f.key))}
        files = {f.key: "" for f in self.asked if f.kind is FieldKind.FILE and f.key in self.errors}  # not just missing
        return NewApplication(product=self.product, fields=typed | files, **{"name": ""} | self._common())

    def _common(self) -> dict[str, Any]:
        """What the form itself refuses is left out: the services can still say what is wrong with the rest."""
        names = ("name", "tasks", "threshold_days", "tags")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class SuiteForm(ConnectForm):
    """The same form for all products of a vendor at once: they are ticked, and called by their titles."""

    products = ticks_field(
        "Products",
        "Tick at least one product.",
        "Each becomes an application. More can be added later without giving the credential again.",
    )

    def __init__(self, who: Who, suite: str, *args: Any, **kwargs: Any) -> None:
        offered = catalogue.list_products_of(who, suite)
        super().__init__(who, offered[0].key, *args, **kwargs)
        self.suite = catalogue.find_suite(who, suite)
        for name in ("name", *self.suite.without):
            self.fields.pop(name, None)
        self.asked = [each for each in self.asked if each.key not in self.suite.without]
        products: Any = self.fields["products"]
        products.choices = [(product.key, product.title) for product in offered]
        self.initial.setdefault("products", [product.key for product in offered])


class EditForm(ConnectForm):
    """The same form for an application that exists: another tenant would be another application."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, who: Who, application: Application, data: Any = None, files: Any = None) -> None:
        now = _as_it_is(who, application)
        super().__init__(who, application.product, data, files, initial=now | {"shown": _sign(now)})
        for asked in self.asked:
            field = self.fields[asked.key]
            if asked.identity:
                field.disabled, field.help_text = True, "For another tenant, add another application."
            elif asked.kind in HIDDEN:
                field.required, field.help_text = False, "Leave empty to keep the stored one."

    def edit(self) -> Edit:
        """What is to be changed, as far as it could be read: an address that was emptied is the vendor's own again."""
        read = [f for f in self.asked if not f.identity and f.key in self.cleaned_data]
        typed = {f.key: self.cleaned_data[f.key] or "" for f in read}
        hidden = [f.key for f in self.asked if f.kind in HIDDEN and not typed.get(f.key)]
        return Edit(fields={key: value for key, value in typed.items() if key not in hidden}, **self._common())

    @property
    def opened(self) -> dict[str, Any]:
        """What the page showed when it was opened; empty where it does not tell."""
        try:
            return dict(signing.loads(self["shown"].value() or "", salt=SHOWN))
        except signing.BadSignature:
            return {}

    def show_changes(self, who: Who, application: Application, message: str) -> None:
        """Say at each field what became of it since the page was opened; saving once more overwrites that knowingly."""
        opened, now = self.opened, _as_it_is(who, application)
        changed = [name for name in now if now[name] != opened.get(name)]
        self.add_error(None, f"{message} The changes are marked below. Save again to overwrite them with your values.")
        for name in changed:
            if name in self.fields:
                told = ", ".join(now[name]) if isinstance(now[name], list) else now[name]
                self.add_error(name, f"Changed meanwhile: it is “{told}” now.")
        secret = next((asked.key for asked in self.asked if asked.kind in HIDDEN), None)
        if "sealed" in changed and secret:
            self.add_error(secret, "Changed meanwhile: another credential was given.")
        data = cast("QueryDict", self.data).copy()
        data["shown"] = _sign(now)
        self.data = data


def _as_it_is(who: Who, application: Application) -> dict[str, Any]:
    connection = application.connection
    return {
        **fill_form(connection),
        "name": application.name,
        "tasks": [task.key for task in list_ticked(who, application)],
        "threshold_days": application.threshold_days,
        "tags": application.tags,
        "version": version_of(application),
        "sealed": sha256(bytes(connection.credential)).hexdigest(),  # of what is sealed: tells only that it changed
    }


def _sign(shown: dict[str, Any]) -> str:
    return signing.dumps(shown, salt=SHOWN)
