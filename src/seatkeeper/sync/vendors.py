"""The vendors as services know them: what can be managed, what is asked for, and what is read."""

from seatkeeper.connectors.base import Check, TaskKind
from seatkeeper.connectors.catalog import (
    find_product,
    find_suite,
    find_task,
    find_vendor,
    find_vendor_of,
    list_products,
    list_suites,
    list_vendors,
    name_tasks,
)
from seatkeeper.connectors.products import Carried, Product, SkuKind
from seatkeeper.connectors.reach import (
    DELEGATED,
    FEDERATED,
    GIVE_AGAIN,
    SIGN_IN,
    ConnectionDetails,
    FieldKind,
    FormField,
    Guide,
    SignInBegun,
    SignInDesk,
    SigningIn,
    SignInGiven,
)
from seatkeeper.connectors.vendor import PublishedList, ReportColumn, SeatToTake, Suite, UsageReport, Vendor

__all__ = [
    "DELEGATED", "FEDERATED", "GIVE_AGAIN", "SIGN_IN", "Carried", "Check", "ConnectionDetails", "FieldKind",
    "FormField", "Guide", "Product", "PublishedList", "ReportColumn", "SeatToTake", "SignInBegun", "SignInDesk",
    "SignInGiven", "SigningIn", "SkuKind", "Suite", "TaskKind", "UsageReport", "Vendor", "find_product", "find_suite",
    "find_task", "find_vendor", "find_vendor_of", "list_products", "list_suites", "list_vendors", "name_tasks",
]  # fmt: skip
