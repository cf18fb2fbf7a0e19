"""What tests of services start from, unless they make a tenant of their own."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from seatkeeper.sandbox.serve import More, Sandbox
from seatkeeper.services import app_registrations
from seatkeeper.services.members import operator
from tests.people import Tenant, read_tenant
from tests.services.consents import fields
from tests.services.found import refresh_now


@pytest.fixture
def tenant(database: object) -> Iterator[Tenant]:
    with read_tenant(people=120) as tenant:
        refresh_now(tenant)
        yield tenant


@pytest.fixture
def sandbox(database: object) -> Iterator[Sandbox]:
    """The provider's own tenant, and a customer's that does not know the provider's application yet."""
    with Sandbox(people=20, days=5, seed=5, more=More(tenants=2)) as sandbox:
        sandbox.tenants[1].service_principal_since = math.inf
        app_registrations.keep(operator(), fields(sandbox))
        yield sandbox
