"""The forms that take a code of a second factor: wrong ones are counted in the database, as wrong passwords are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.base import forms

from seatkeeper.services.limits import BY_CODE

_Form = forms.BaseAuthenticateForm if TYPE_CHECKING else object


class Counted(_Form):  # type: ignore[misc,valid-type]  # allauth has no types
    def clean_code(self) -> Any:
        """Raises TooOften."""
        BY_CODE.note(str(self.user.pk))
        code = super().clean_code()
        BY_CODE.take_back(str(self.user.pk))
        return code


class AuthenticateForm(Counted, forms.AuthenticateForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(Counted, forms.ReauthenticateForm):  # type: ignore[misc]
    pass
