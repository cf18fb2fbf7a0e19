"""Forms about members; what must be right beyond the shape of a field, the services say."""

from __future__ import annotations

from django import forms

from seatkeeper.services.members import Role
from seatkeeper.services.tokens import MOST_DAYS, USUAL_DAYS


def _text(label: str, *, most: int, required: bool = True, **attributes: str) -> forms.CharField:
    widget = forms.TextInput({"class": "form-control", **attributes})
    return forms.CharField(label=label, max_length=most, required=required, widget=widget)


def _email() -> forms.CharField:
    widget = forms.EmailInput({"class": "form-control", "autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label="E-mail address", max_length=150, widget=widget)


def _password() -> forms.CharField:
    widget = forms.PasswordInput({"class": "form-control", "autocomplete": "new-password"})
    hint = "At least 12 characters. A few words in a row are easy to remember."
    return forms.CharField(label="Password", max_length=1000, strip=False, widget=widget, help_text=hint)


def _role() -> forms.ChoiceField:
    widget = forms.Select({"class": "form-select"})
    return forms.ChoiceField(
        label="Role", choices=[(role.value, role.value) for role in Role], initial=Role.VIEWER.value, widget=widget
    )


class SetupForm(forms.Form):
    token = _text("Set-up token", most=200, required=False, autocomplete="off", spellcheck="false")
    email = _email()
    password = _password()


class PasswordForm(forms.Form):
    password = _password()


class InviteForm(forms.Form):
    email = _email()
    role = _role()


class RoleForm(forms.Form):
    role = _role()


class NameForm(forms.Form):
    first_name = _text("First name", most=150, required=False, autocomplete="given-name")
    last_name = _text("Last name", most=150, required=False, autocomplete="family-name")


class TokenForm(forms.Form):
    name = _text("What is it for?", most=80, autocomplete="off")
    role = _role()
    for_days = forms.IntegerField(
        label="Days until it expires",
        initial=USUAL_DAYS,
        min_value=1,
        max_value=MOST_DAYS,
        widget=forms.NumberInput({"class": "form-control"}),
    )
    operates = forms.BooleanField(label="May also do what you may as an operator", required=False)
