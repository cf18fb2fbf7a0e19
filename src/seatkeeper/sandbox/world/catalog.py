"""What can be bought and signed in to: the products we manage from the product data, suites from our file of decoys."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

PROJECT: Final = "microsoft-project"
VISIO: Final = "microsoft-visio"
COPILOT: Final = "microsoft-365-copilot"
POWER_BI: Final = "power-bi"
DYNAMICS: Final = "dynamics-365"
OFFICE: Final = "office-365"  # what the suites are bought for
PRODUCTS: Final = (PROJECT, VISIO)
SOLD: Final = (*PRODUCTS, COPILOT)  # Copilot only to a tenant that is asked to have it
MORE: Final = (POWER_BI, DYNAMICS)  # only in a tenant that has everything
SEEN: Final = (PROJECT, *MORE)  # their use shows in the sign-in log
AAD_PREMIUM: Final = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"  # the plan of Entra ID P1, which the sign-in log needs

# `service` as seen in public rows for the classes of plans; it does not identify the product.
_SERVICES: Final = {
    (PROJECT, "desktop"): "MicrosoftOffice",
    (PROJECT, "online"): "SharePoint",
    (PROJECT, "essentials"): "SharePoint",
    (PROJECT, "planner"): "ProjectWorkManagement",
    (VISIO, "desktop"): "MicrosoftOffice",
    (VISIO, "web"): "SharePoint",
    (VISIO, "supporting"): "SharePoint",
    (COPILOT, "copilot"): "MicrosoftCopilot",
    (COPILOT, "supporting"): "MicrosoftCopilot",
    (COPILOT, "free-chat"): "Bing",
}
_SERVICES_OF: Final = {POWER_BI: "PowerBI", DYNAMICS: "CRM"}
# What is reached by an application: Dataverse by Project for the web, Microsoft Graph by what is not named here.
_GRAPH: Final = ("00000003-0000-0000-c000-000000000000", "Microsoft Graph")
_DATAVERSE: Final = ("00000007-0000-0000-c000-000000000000", "Dataverse")
_POWER_BI: Final = ("00000009-0000-0000-c000-000000000000", "Power BI Service")
_REACHED: Final = {"f53895d3-095d-408f-8e93-8f94b391404e": _DATAVERSE}
_REACHED_TOO: Final = {"871c010f-5e61-4fb1-83ac-98610a7e9110": _POWER_BI}  # in a tenant that has everything
# Sign-ins to none of the first products, from Microsoft's list of first-party applications.
_OTHER_APPS: Final = (
    ("4765445b-32c6-49b0-83e6-1d93765276ca", "OfficeHome"),
    ("00000006-0000-0ff1-ce00-000000000000", "Office 365 Portal"),
    ("871c010f-5e61-4fb1-83ac-98610a7e9110", "Microsoft Power BI"),
    ("637fcc9f-4a9b-4aaa-8713-a2a3cfda1505", "CRM Online Administration"),
)
# What people sign in with besides in a tenant that has everything. The last is an application of its own.
_MORE_APPS: Final = (
    ("1fec8e78-bce4-4aaf-ab1b-5451cc387264", "Microsoft Teams", *_POWER_BI),
    ("7f67af8a-fedc-4b08-8b4e-37c4d127b6cf", "Power BI Desktop", *_POWER_BI),
    ("996def3d-b36c-4153-8607-a6fd3c01b89f", "Dynamics 365 Business Central",
     "996def3d-b36c-4153-8607-a6fd3c01b89f", "Dynamics 365 Business Central"),
    ("5b0f3c5e-6f0d-4d6b-9a53-1d8c7e2f4a90", "Northwind Sales", *_DATAVERSE),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """A service plan; `seat` says whether it makes its holder a user of the `product` that it belongs to."""

    id: str
    name: str
    service: str
    seat: bool
    product: str = ""

    def makes_user_of(self, product: str) -> bool:
        """Whether who has it is a user of that product."""
        return self.seat and self.product == product


@dataclass(frozen=True, slots=True)
class Sku:
    """What is bought by the seat: `kind` is seat, other-product, suite …, `product` what it carries ("" for suites).

    `also` is what it is to the products that only a tenant with everything has: pairs of a product and a kind.
    """

    id: str
    part_number: str
    kind: str
    plans: tuple[ServicePlan, ...]
    product: str = ""
    also: tuple[tuple[str, str], ...] = ()

    def kind_for(self, product: str) -> str:
        """What it is to a product: "" when it does not carry it."""
        return self.kind if self.product == product else dict(self.also).get(product, "")

    def is_seat_of(self, product: str) -> bool:
        """Whether this is bought for people to use the product."""
        return self.kind == "suite" if product == OFFICE else self.kind_for(product) == "seat"


@dataclass(frozen=True, slots=True)
class App:
    """An application of the sign-in log, and what is reached by it."""

    id: str
    title: str
    resource_id: str
    resource_title: str

    def grade(self, product: str = PROJECT) -> str:
        """What a sign-in says of a product's use: direct, ambiguous or other.

        What somebody signed in with decides, if the product knows it at all; else what was reached by it.
        """
        known = _grades(product)
        return known.get((self.id, "client")) or known.get((self.resource_id, "resource"), "other")


@cache
def _grades(product: str) -> dict[tuple[str, str], str]:
    return {(a["id"], a.get("side", "client")): a["grade"] for a in product_data(product)["apps"]}


def load(name: str) -> Any:
    """A data file that ships with the package."""
    return json.loads(files("seatkeeper.data").joinpath(name).read_text("utf-8"))


@cache
def product_data(product: str) -> dict[str, Any]:
    """A product as the product data has it."""
    found: list[dict[str, Any]] = load("microsoft_products.json")["products"]
    return next(one for one in found if one["key"] == product)


@cache
def plans() -> dict[str, ServicePlan]:
    """Every plan by id."""
    found: dict[str, ServicePlan] = {}
    for product in (*SOLD, *MORE):
        usual = _SERVICES_OF.get(product, "ProjectProgramsAndPortfolios")
        for p in product_data(product)["plans"]:
            service = _SERVICES.get((product, p["class"]), usual)
            found.setdefault(p["id"], ServicePlan(p["id"], p["name"], service, bool(p["seat"]), product))
    for suite in load("sandbox_decoys.json")["suites"]:
        for p in suite["plans"]:
            found.setdefault(p["id"], ServicePlan(p["id"], p["name"], p["service"], seat=False))
    return found


def skus(*, everything: bool = False) -> dict[str, Sku]:
    """Every SKU by part number: those of the products, Dynamics with Project inside, and the suites.

    Where a tenant has everything, some of them carry more; all others are the same objects.
    """
    return _more_skus() if everything else _skus()


@cache
def _skus() -> dict[str, Sku]:
    found = {}
    for product in SOLD:
        for s in product_data(product)["skus"]:
            carried = tuple(plans()[p] for p in dict.fromkeys(s["plans"]))
            found[s["part_number"]] = Sku(s["id"], s["part_number"], s["kind"], carried, product)
    for s in load("sandbox_decoys.json")["suites"]:
        carried = tuple(plans()[p["id"]] for p in s["plans"])
        found[s["part_number"]] = Sku(s["id"], s["part_number"], "suite", carried)
    return found


@cache
def _more_skus() -> dict[str, Sku]:
    found = dict(_skus())
    for product in MORE:
        for s in product_data(product)["skus"]:
            carried = tuple(plans()[p] for p in dict.fromkeys(s["plans"]))
            known = found.get(s["part_number"])
            if known is None:
                found[s["part_number"]] = Sku(s["id"], s["part_number"], s["kind"], carried, product)
            else:
                more = tuple(plan for plan in carried if plan not in known.plans)
                also = (*known.also, (product, s["kind"]))
                found[s["part_number"]] = replace(known, plans=(*known.plans, *more), also=also)
    return found


@cache
def office_plans() -> frozenset[str]:
    """The plans that make the holder of a suite a user of Office 365, by id."""
    return frozenset(plan["id"] for plan in product_data(OFFICE)["plans"] if plan["seat"])


@cache
def apps(*, everything: bool = False) -> tuple[App, ...]:
    """The applications people sign in to; the place in this list is the application's code in a packed event.

    Visio has none: no sign-in is its own.
    """
    reached = _REACHED | _REACHED_TOO if everything else _REACHED
    named = [(a["id"], a["title"]) for a in product_data(PROJECT)["apps"]] + [*_OTHER_APPS]
    found = tuple(App(id_, title, *reached.get(id_, _GRAPH)) for id_, title in named)
    return (*found, *(App(*one) for one in _MORE_APPS)) if everything else found


@cache
def shapes() -> dict[str, Any]:
    """Property lists, filter rules and permissions of the endpoints, from Microsoft's schema and documentation."""
    found: dict[str, Any] = load("sandbox_graph.json")
    return found
