"""An uploaded report of before is joined to the accounts that have its names, and loses no row."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import pytest

from seatkeeper.store import migrate
from seatkeeper.store.models import Connection, ProductActivity
from tests.upgrade.old import make_row

pytestmark = pytest.mark.deep

BEFORE: Final = ("store", "0022_last_activity")


def fill(old: Any) -> None:
    make = partial(make_row, old)
    organization = make("Organization", name="Old", created=0)
    link = make("Connection", organization=organization, tenant_id="t", ca_file="/etc/ca.pem")
    application = make("Application", organization=organization, connection=link, name="Project", product="p")
    make("SeatHolder", application=application, account=b"ada's key", object_id="1", user_id="Ada@Contoso.example")
    for name in ("ada@contoso.example", "somebody@contoso.example"):
        make("ProductActivity", application=application, user_id=name, last=7, desktop=1)


def test_a_report_of_before_is_joined_by_the_names_of_the_roster(old: Any) -> None:
    fill(old)
    migrate()
    kept = {row.user_id: (row.account and bytes(row.account), row.last) for row in ProductActivity.objects.all()}
    assert kept == {"ada@contoso.example": (b"ada's key", 7), "somebody@contoso.example": (None, 7)}
    assert Connection.objects.get().ca_file == "/etc/ca.pem"
