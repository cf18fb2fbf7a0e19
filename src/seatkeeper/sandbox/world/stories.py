"""The people with stories: the first accounts of every tenant, each there to catch a mistake."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from seatkeeper.sandbox.world.catalog import skus
from seatkeeper.sandbox.world.dice import object_guid
from seatkeeper.sandbox.world.people import DAY, DOMAIN, GHOST, Holding, Person


@dataclass(frozen=True, slots=True)
class Story:
    """How a story's person signs in: to application `app` every `every` days between two ages in days, with `error`."""

    app: int
    every: int = 7
    oldest: int = 10_000
    newest: int = 0
    error: int = 0


PORTFOLIOS, PLANNER, SHAREPOINT, OFFICE = 0, 1, 6, 7  # places in catalog.apps()

# What each story proves, and its sign-ins. The order is the order of their accounts.
STORIES: Final[dict[str, tuple[str, tuple[Story, ...]]]] = {
    "Ada": ("Plan 3, uses Project every week", (Story(PORTFOLIOS, 7), Story(OFFICE, 2))),
    "Bo": ("Plan 3, never came", ()),
    "Cy": ("blocked, still holds Plan 5", (Story(PORTFOLIOS, 3, error=50057),)),
    "Di": ("holds Plan 1 and Plan 3", (Story(PORTFOLIOS, 5),)),
    "Eve": ("used it last before the log begins", (Story(PORTFOLIOS, 2, newest=33),)),
    "Flo": ("guest with Plan 3, signs in under her real mail", (Story(PORTFOLIOS, 4),)),
    "Gus": ("hired yesterday, seat since yesterday", ()),
    "Hal": ("E5 only: view-only Project and Planner do not count", (Story(OFFICE, 1), Story(PLANNER, 6))),
    "Ivy": ("Dynamics 365 with a Project plan inside", (Story(PLANNER, 9),)),
    "Jo": ("Plan 3 with every Project plan switched off", (Story(OFFICE, 3),)),
    "Kim": ("no seat, yet signs in to Project", (Story(PORTFOLIOS, 3),)),
    "Lou": ("Plan 3, only ambiguous applications", (Story(PLANNER, 2), Story(OFFICE, 1), Story(SHAREPOINT, 3))),
    "Mo": ("Plan 3, only failed sign-ins", (Story(PORTFOLIOS, 2, error=50126),)),
    "Ned": ("Plan 3 in grace (Warning): counts", (Story(PORTFOLIOS, 6),)),
    "Ola": ("Plan 3 suspended: does not count", ()),
    "Pat": ("writes the name in capitals; the log does not", (Story(PORTFOLIOS, 2),)),
    "Ren": ("deleted account that signed in to Project", (Story(PORTFOLIOS, 4, oldest=29, newest=8),)),
}
_SURNAMES: Final = dict(zip(STORIES, (
    "Berg", "Dahl", "Ek", "Foss", "Gran", "Hauge", "Iversen", "Juul", "Krogh", "Lie", "Moe", "Nygaard", "Olsen",
    "Prestmo", "Quist", "Rask", "Solli",
), strict=True))  # fmt: skip


def _seats(name: str, start: int) -> tuple[Holding, ...]:
    """The SKUs of one story; dates are counted back from the tenant's first day."""
    three, five, one = skus()["PROJECTPROFESSIONAL"], skus()["PROJECTPREMIUM"], skus()["PROJECT_P1"]
    year, yesterday = start - 400 * DAY, start - DAY
    plain = Holding(three, year)
    special: dict[str, tuple[Holding, ...]] = {
        "Cy": (Holding(five, year),),
        "Di": (Holding(one, start - 500 * DAY), Holding(three, start - 90 * DAY)),
        "Gus": (Holding(three, yesterday),),
        "Hal": (Holding(skus()["SPE_E5"], year),),
        "Ivy": (Holding(skus()["DYN365_ENTERPRISE_PLAN1"], year),),
        "Jo": (Holding(three, year, frozenset(plan.id for plan in three.plans)),),
        "Kim": (Holding(skus()["SPE_E3"], year),),
        "Ned": (replace(plain, status="Warning"),),
        "Ola": (replace(plain, status="Suspended"),),
    }
    return special.get(name, (plain,))


def _visio(name: str, start: int) -> tuple[Holding, ...]:
    """The Visio seats of one story, beside what it holds of Project."""
    one, two = skus()["VISIOONLINE_PLAN1"], skus()["VISIOCLIENT"]
    year = start - 300 * DAY
    desktop = frozenset(plan.id for plan in two.plans if plan.name == "VISIO_CLIENT_SUBSCRIPTION")
    special: dict[str, tuple[Holding, ...]] = {
        "Ada": (Holding(two, year),),
        "Bo": (Holding(two, year),),
        "Cy": (Holding(two, year),),
        "Di": (Holding(one, start - 200 * DAY), Holding(two, start - 80 * DAY)),
        "Flo": (Holding(one, year),),
        "Gus": (Holding(one, start - DAY),),
        "Ivy": (Holding(two, year, desktop),),
        "Jo": (Holding(one, year, frozenset(plan.id for plan in one.plans)),),
        "Kim": (Holding(one, year),),
        "Ned": (Holding(two, year, status="Warning"),),
        "Ola": (Holding(two, year, status="Suspended"),),
    }
    return special.get(name, ())


def _copilot(name: str, start: int) -> tuple[Holding, ...]:
    """The Copilot seats of one story, in a tenant that has them."""
    copilot, sales = skus()["Microsoft_365_Copilot"], skus()["Microsoft_Copilot_for_Sales"]
    year = start - 300 * DAY
    special: dict[str, tuple[Holding, ...]] = {
        "Gus": (Holding(copilot, start - DAY),),
        "Ivy": (Holding(sales, year),),
        "Jo": (Holding(copilot, year, frozenset(plan.id for plan in copilot.plans)),),
    }
    held = {"Ada", "Bo", "Cy", "Di", "Eve", "Flo", "Lou", "Pat"}
    return special.get(name, (Holding(copilot, year),) if name in held else ())


def story_people(seed: int, start: int, *, copilot: bool = False) -> list[Person]:
    """The people with stories in the order of their accounts; the last one is no longer in the directory."""
    people = []
    for number, (name, surname) in enumerate(_SURNAMES.items()):
        local, created = f"{name}.{surname}".lower(), start - 600 * DAY
        upn = mail = f"{local}@{DOMAIN}"
        if name == "Pat":
            upn = f"Pat.{surname}@{DOMAIN.capitalize()}"
        if name == "Flo":
            mail = f"Flo.{surname}@Contoso.example"
            upn = f"flo.{surname.lower()}_contoso.example#EXT#@{DOMAIN}"
        people.append(
            Person(
                number=GHOST if name == "Ren" else number,
                id=object_guid(seed, "story", name),
                upn=upn,
                mail=mail,
                given=name,
                surname=surname,
                display=f"{name} {surname}",
                created=start - DAY if name == "Gus" else created,
                enabled=name != "Cy",
                guest=name == "Flo",
                department="Projects",
                holdings=(*_seats(name, start), *_visio(name, start), *(_copilot(name, start) if copilot else ())),
                habit="story",
            )
        )
    return people
