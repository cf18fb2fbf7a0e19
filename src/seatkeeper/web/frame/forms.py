"""What services refuse, said at the fields of the form that it was typed into."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django import forms

from seatkeeper.errors import BadInput

T = TypeVar("T")


def attempt(form: forms.Form, action: Callable[..., T]) -> T | None:
    """What the action makes of the form's values; None when the form or the service refuses, said at the field."""
    if not form.is_valid():
        return None
    try:
        return action(**form.cleaned_data)
    except BadInput as error:
        refuse(form, error)
        return None


def refuse(form: forms.Form, error: BadInput) -> None:
    """Say each problem at its field, or above the form when it has no such field; what the form says itself stays."""
    for problem in error.problems:
        if problem.field not in form.errors:
            form.add_error(problem.field if problem.field in form.fields else None, problem.sentence)
