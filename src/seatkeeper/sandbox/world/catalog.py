"""What can be bought and signed in to: the products we manage from the product data, suites from our file of decoys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

PROJECT: Final = "microsoft-project"
VISIO: Final = "microsoft-visio"
COPILOT: Final = "microsoft-365-copilot"
OFFICE: Final = "office-365"  # what the suites are bought for
PRODUCTS: Final = (PROJECT, VISIO)
SOLD: Final = (*PRODUCTS, COPILOT)  # Copilot only to a tenant that is asked to have it
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
# Sign-ins that have nothing to do with our products, from Microsoft's list of first-party applications.
_OTHER_APPS: Final = (
    ("4765445b-32c6-49b0-83e6-1d93765276ca", "OfficeHome"),
    ("00000006-0000-0ff1-ce00-000000000000", "Office 365 Portal"),
    ("871c010f-5e61-4fb1-83ac-98610a7e9110", "Microsoft Power BI"),
    ("637fcc9f-4a9b-4aaa-8713-a2a3cfda1505", "CRM Online Administration"),
)


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """A service plan; `seat` says whether it makes its holder a user of the product whose SKU it comes in."""

    id: str
    name: str
    service: str
    seat: bool


@dataclass(frozen=True, slots=True)
class Sku:
    """What is bought by the seat: `kind` is seat, other-product or suite, `product` what it carries ("" for suites)."""

    id: str
    part_number: str
    kind: str
    plans: tuple[ServicePlan, ...]
    product: str = ""

    def is_seat_of(self, product: str) -> bool:
        """Whether this is bought for the product and nothing else."""
        if product == OFFICE:
            return self.kind == "suite"
        return self.kind == "seat" and self.product == product


@dataclass(frozen=True, slots=True)
class App:
    """An application of the sign-in log; `grade` is direct, ambiguous or other."""

    id: str
    title: str
    grade: str


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
    for product in SOLD:
        for p in product_data(product)["plans"]:
            service = _SERVICES.get((product, p["class"]), "ProjectProgramsAndPortfolios")
            found.setdefault(p["id"], ServicePlan(p["id"], p["name"], service, bool(p["seat"])))
    for suite in load("sandbox_decoys.json")["suites"]:
        for p in suite["plans"]:
            found.setdefault(p["id"], ServicePlan(p["id"], p["name"], p["service"], seat=False))
    return found


@cache
def skus() -> dict[str, Sku]:
    """Every SKU by part number: those of the products, Dynamics with Project inside, and the suites."""
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
def office_plans() -> frozenset[str]:
    """The plans that make the holder of a suite a user of Office 365, by id."""
    return frozenset(plan["id"] for plan in product_data(OFFICE)["plans"] if plan["seat"])


@cache
def apps() -> tuple[App, ...]:
    """The applications people sign in to; the place in this list is the application's code in a packed event.

    Visio has none: no sign-in is its own.
    """
    project = [App(a["id"], a["title"], a["grade"]) for a in product_data(PROJECT)["apps"]]
    return (*project, *(App(id_, title, "other") for id_, title in _OTHER_APPS))
