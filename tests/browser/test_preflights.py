"""In a browser: each thing that Authorize can find wrong with all of Microsoft 365, once, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from pytest_django import DjangoDbBlocker

from seatkeeper.sandbox.world.tenant import READ_ALL
from seatkeeper.sandbox.world.tenant import Tenant as Pretended
from tests.jobs.conftest import Server

from ..conftest import connected
from ..people import TASKS, Tenant, open_tenant
from .conftest import Eyes, serving
from .test_walk import set_up

TICKED = (*TASKS, "non-interactive-access", "usage-reports", "audit-events")


@pytest.fixture
def server(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(sqlite_database, monkeypatch, "--no-scheduler") as started:
        yield started


@pytest.fixture
def tenant(sqlite_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Tenant]:
    settings = {"people": 30, "everything": True, "tasks": TICKED, "product": "office-365"}
    with django_db_blocker.unblock(), connected(sqlite_database), open_tenant(**settings) as tenant:  # type: ignore[arg-type]
        yield tenant


def conceal(pretended: Pretended) -> None:
    pretended.permissions |= {"Reports.Read.All", "AuditLogsQuery.Read.All", "ReportSettings.Read.All"}
    pretended.conceal_reports = True


def change(name: str, value: object) -> Callable[[Pretended], None]:
    return lambda pretended: setattr(pretended, name, value)


def refuse(pretended: Pretended) -> None:
    pretended.permissions = set()


# What is wrong, the check that says so, and a piece of what it says to do.
WRONG: dict[str, tuple[Callable[[Pretended], None], str, str]] = {
    "reports": (lambda _: None, "Permission Reports.Read.All", "Usage Reports needs Reports.Read.All"),
    "audit": (lambda _: None, "Permission AuditLogsQuery.Read.All", "Audit Events needs AuditLogsQuery.Read.All"),
    "concealed": (conceal, "Report names are not concealed", "Org settings > Services > Reports"),
    "no-premium": (change("premium", False), "Sign-in log can be read", "Entra ID P1 or P2"),
    "nothing-granted": (refuse, "Permission User.Read.All", "under API permissions"),
    "expired": (change("secret_expired", True), "Credential accepted", "has expired"),
    "blocked": (change("blocked_by_policy", True), "Credential accepted", "Conditional Access"),
    "removed": (change("app_removed", True), "Credential accepted", "tenant"),
}


@pytest.mark.timeout(900)
@pytest.mark.proof
def test_each_thing_that_can_be_wrong_is_shown_with_what_to_do(eyes: Eyes, tenant: Tenant) -> None:
    set_up(eyes)
    pretended = tenant.sandbox.tenant
    assert pretended.permissions == READ_ALL
    for name, (spoil, title, told) in WRONG.items():
        before = dict(vars(pretended)), set(pretended.permissions)
        spoil(pretended)
        eyes.go("/applications/1/authorize")
        line = eyes.page.locator("[data-live] li", has_text=title)
        expect(line).to_contain_text(told)
        eyes.look(f"95-preflight-{name}")
        for attribute in vars(pretended).keys() - before[0].keys():
            delattr(pretended, attribute)
        pretended.permissions = before[1]
    eyes.assert_nothing_noticed()
