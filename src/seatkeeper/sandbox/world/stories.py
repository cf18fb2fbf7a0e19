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


PORTFOLIOS, PLANNER, SHAREPOINT, OFFICE, POWER_BI = 0, 1, 6, 7, 10  # places in catalog.apps()
TEAMS, DESKTOP, BUSINESS_CENTRAL, SALES = 12, 13, 14, 15  # only where a tenant has everything

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
# What the same people do besides in a tenant that has everything.
MORE_STORIES: Final[dict[str, tuple[Story, ...]]] = {
    "Ada": (Story(POWER_BI, 6),),
    "Di": (Story(TEAMS, 3),),
    "Eve": (Story(POWER_BI, 2, newest=33),),
    "Flo": (Story(POWER_BI, 5),),
    "Hal": (Story(POWER_BI, 4),),
    "Ivy": (Story(POWER_BI, 8),),
    "Kim": (Story(POWER_BI, 5), Story(BUSINESS_CENTRAL, 4)),
    "Lou": (Story(DESKTOP, 4), Story(SALES, 3)),
    "Mo": (Story(POWER_BI, 2, error=50126),),
    "Ned": (Story(POWER_BI, 6), Story(BUSINESS_CENTRAL, 9)),
    "Pat": (Story(POWER_BI, 3),),
}
# Whose licences are more than they need; only where a tenant that has everything is asked to have them.
MORE_PEOPLE: Final[dict[str, tuple[str, tuple[Story, ...]]]] = {
    "Ria": ("a room, with an E3", ()),
    "Sam": ("a shared mailbox, with an E3 and Visio Plan 1", ()),
    "Una": ("E3, uses Office in the browser only", (Story(OFFICE, 1),)),
    "Vic": ("Visio Plan 2, uses Visio in the browser only", (Story(OFFICE, 2),)),
    "Wes": ("Power BI Pro, only looks at what others made", (Story(POWER_BI, 5),)),
}
_SURNAMES: Final = dict(zip((*STORIES, *MORE_PEOPLE), (
    "Berg", "Dahl", "Ek", "Foss", "Gran", "Hauge", "Iversen", "Juul", "Krogh", "Lie", "Moe", "Nygaard", "Olsen",
    "Prestmo", "Quist", "Rask", "Solli", "Tveit", "Urdal", "Vik", "Wold", "Ytre",
), strict=True))  # fmt: skip


def _seats(name: str, start: int, *, everything: bool) -> tuple[Holding, ...]:
    """The SKUs of one story; dates are counted back from the tenant's first day."""
    sold = skus(everything=everything)
    three, five, one = sold["PROJECTPROFESSIONAL"], sold["PROJECTPREMIUM"], sold["PROJECT_P1"]
    year, yesterday = start - 400 * DAY, start - DAY
    plain = Holding(three, year)
    special: dict[str, tuple[Holding, ...]] = {
        "Cy": (Holding(five, year),),
        "Di": (Holding(one, start - 500 * DAY), Holding(three, start - 90 * DAY)),
        "Gus": (Holding(three, yesterday),),
        "Hal": (Holding(sold["SPE_E5"], year),),
        "Ivy": (Holding(sold["DYN365_ENTERPRISE_PLAN1"], year),),
        "Jo": (Holding(three, year, frozenset(plan.id for plan in three.plans)),),
        "Kim": (Holding(sold["SPE_E3"], year),),
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


def _everything(name: str, start: int) -> tuple[Holding, ...]:
    """The seats of Power BI and of Dynamics 365 of one story, in a tenant that has them."""
    sold, year = skus(everything=True), start - 300 * DAY
    pro = Holding(sold["POWER_BI_PRO"], year)
    special: dict[str, tuple[Holding, ...]] = {
        "Ada": (Holding(sold["PBI_PREMIUM_PER_USER"], year),),
        "Cy": (pro, Holding(sold["DYN365_BUSCENTRAL_ESSENTIAL"], year)),
        "Gus": (replace(pro, since=start - DAY),),
        "Ivy": (pro, Holding(sold["PBI_PREMIUM_PER_USER"], start - 80 * DAY)),
        "Jo": (replace(pro, disabled=frozenset(plan.id for plan in pro.sku.plans)),),
        "Kim": (Holding(sold["POWER_BI_STANDARD"], year), Holding(sold["DYN365_BUSCENTRAL_ESSENTIAL"], year)),
        "Lou": (pro, Holding(sold["DYN365_ENTERPRISE_SALES"], year)),
        "Ned": (replace(pro, status="Warning"),),
        "Ola": (replace(pro, status="Suspended"),),
    }
    return special.get(name, (pro,) if name in {"Bo", "Di", "Eve", "Flo", "Hal", "Mo"} else ())


def _more(name: str, start: int) -> tuple[Holding, ...]:
    """The seats of those who are there besides."""
    sold, year = skus(everything=True), start - 300 * DAY
    held = {
        "Ria": ("SPE_E3",),
        "Sam": ("SPE_E3", "VISIOONLINE_PLAN1"),
        "Una": ("SPE_E3",),
        "Vic": ("VISIOCLIENT",),
        "Wes": ("POWER_BI_PRO",),
    }
    return tuple(Holding(sold[part_number], year) for part_number in held[name])


def story_people(
    seed: int, start: int, *, copilot: bool = False, everything: bool = False, more: bool = False
) -> list[Person]:
    """The people with stories in the order of their accounts; the last one is no longer in the directory."""
    people = []
    names = [name for name in STORIES if name != "Ren"] + [*(MORE_PEOPLE if more else ()), "Ren"]
    for number, name in enumerate(names):
        surname = _SURNAMES[name]
        local, created = f"{name}.{surname}".lower(), start - 600 * DAY
        upn = mail = f"{local}@{DOMAIN}"
        if name == "Pat":
            upn = f"Pat.{surname}@{DOMAIN.capitalize()}"
        if name == "Flo":
            mail = f"Flo.{surname}@Contoso.example"
            upn = f"flo.{surname.lower()}_contoso.example#EXT#@{DOMAIN}"
        holdings = (*_seats(name, start, everything=everything), *_visio(name, start))
        holdings += _copilot(name, start) if copilot or everything else ()
        holdings += _everything(name, start) if everything else ()
        holdings = _more(name, start) if name in MORE_PEOPLE else holdings
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
                holdings=holdings,
                habit="story",
            )
        )
    return people
