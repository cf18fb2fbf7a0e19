"""Bulk writes commit with their checkpoint or not at all."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from seatkeeper.store import bulk
from seatkeeper.store.models import Account, SignIn

from .conftest import Tenant
from .people import ADA, NOW, person, sign_in

pytestmark = pytest.mark.both_engines


def test_writing_outside_a_transaction_is_refused(contoso: Tenant) -> None:
    with pytest.raises(TransactionManagementError, match="checkpoint"):
        bulk.insert_accounts(contoso.connection, 1, 1, NOW, [person(ADA, "Ada")])
    with pytest.raises(TransactionManagementError, match="checkpoint"):
        bulk.save_sign_ins(contoso.connection, [sign_in(1)])
    assert not Account.objects.exists()


def test_what_a_transaction_that_failed_wrote_is_gone(contoso: Tenant) -> None:
    with transaction.atomic():
        bulk.insert_accounts(contoso.connection, 1, 1, NOW, [person(ADA, "Ada")])
        bulk.save_sign_ins(contoso.connection, [sign_in(1)])
        transaction.set_rollback(True)
    connection.close()
    assert not Account.objects.exists()
    assert not SignIn.objects.exists()
