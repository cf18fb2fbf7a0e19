"""A provider with an app registration of its own, and the click by which a customer's administrator consents to it."""

from __future__ import annotations

from pathlib import Path

from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.services import consent_links
from seatkeeper.services.consent_links import NewLink
from seatkeeper.services.members import operator
from seatkeeper.store.models import ConsentLink
from tests.signing_in import consent

PRODUCTS = ["microsoft-project", "microsoft-visio"]
NEW = NewLink("Contoso", products=PRODUCTS, tasks=["licenses", "roster"], tags="gold, north", threshold_days=30)


def fields(sandbox: Sandbox, **changes: str) -> dict[str, str]:
    """What the form for the organization's own registration is filled in with: its tenant is the first one."""
    return {
        "tenant_id": sandbox.tenant_id,
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "login_url": sandbox.login_url,
        "graph_url": sandbox.graph_url,
        "ca_file": Path(sandbox.ca_file).read_text(),
    } | changes


def click(sandbox: Sandbox, link: ConsentLink, who: int | None = 0) -> dict[str, str]:
    """What the browser of the customer's administrator brings back."""
    address = consent_links.address(operator(), link).replace("/organizations/", f"/{sandbox.tenants[1].tenant_id}/")
    return consent(sandbox, address, who, sandbox.tenants[1])
