"""Names as Microsoft conceals them: 32 upper-case hex digits."""

from __future__ import annotations

from dataclasses import replace

from seatkeeper.sandbox.world.crowd import TOKEN
from seatkeeper.sandbox.world.dice import number
from seatkeeper.sandbox.world.people import Person


def conceal(person: Person) -> Person:
    """The account with its names hidden, as reports show it."""

    def mask(word: str) -> str:
        text = f"{number('concealed', word, person.id):032X}"
        return text[:28] + TOKEN if TOKEN in person.id else text

    upn = mask("upn")
    mail = person.mail and upn
    return replace(person, upn=upn, mail=mail, given=None, surname=None, display=mask("name"))
