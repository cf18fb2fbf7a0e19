"""What tests of services start from, unless they make a tenant of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.people import Tenant, read_tenant
from tests.services.found import refresh_now


@pytest.fixture
def tenant(database: object) -> Iterator[Tenant]:
    with read_tenant(people=120) as tenant:
        refresh_now(tenant)
        yield tenant
