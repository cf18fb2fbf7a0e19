from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.db import transaction
from django.db.migrations.state import StateApps

from seatkeeper.store.models import Connection, Organization, Run, Task

from ..conftest import Database
from ..upgrade.old import empty_at
from .people import NOW


class Tenant(NamedTuple):
    """Contoso, connected, with a roster task at its first run."""

    connection: int
    organization: int
    task: int
    run: int


def make_tenant(name: str) -> Tenant:
    organization = Organization.objects.create(name=name, created=NOW)
    connection = Connection.objects.create(organization=organization, tenant_id=name, client_id="app", created=NOW)
    task = Task.objects.create(connection=connection, key="roster")
    run = Run.objects.create(organization=organization, task=task, status="running", started=NOW)
    return Tenant(connection.pk, organization.pk, task.pk, run.pk)


@pytest.fixture
def contoso(database: object) -> Tenant:
    return make_tenant("Contoso")


@pytest.fixture
def fabrikam(database: object) -> Tenant:
    """Another tenant in the same database; nothing done to Contoso may show here."""
    return make_tenant("Fabrikam")


@pytest.fixture
def page(database: object) -> Iterator[None]:
    """The transaction of the caller, which every bulk write needs."""
    with transaction.atomic():
        yield


@pytest.fixture
def old(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[StateApps]:
    """The models of an empty database as they were after the migration that the test's module calls BEFORE."""
    with empty_at(request.module.BEFORE, database, tmp_path) as models:
        yield models
