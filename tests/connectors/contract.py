"""What the rest of Seatkeeper relies on of every vendor. The tests of a vendor derive from it and give a `world`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from seatkeeper.connectors.base import Connector
from seatkeeper.connectors.products import SkuKind
from seatkeeper.connectors.reach import FieldKind
from seatkeeper.connectors.vendor import Vendor
from seatkeeper.errors import BadInput
from seatkeeper.model import MISSING, Account, to_key
from seatkeeper.sync.run import READINGS
from tests.conftest import Unpaced


@dataclass(frozen=True)
class World:
    """A vendor with a tenant that is reached by what somebody `typed` in; `nobody` is an id that it does not know."""

    vendor: Vendor
    typed: Mapping[str, str]
    nobody: str

    @contextmanager
    def opened(self) -> Iterator[Connector]:
        with self.vendor.open(self.vendor.check_form(self.typed, None), Unpaced()) as connector:
            connector.watch(self.vendor.products().products, {})
            yield connector


class VendorContract:
    """Each test says one promise of the seam."""

    def test_its_tasks_are_ones_that_runs_can_read_and_say_what_for(self, world: World) -> None:
        keys = [task.key for task in world.vendor.tasks]
        assert "roster" in keys
        with world.opened() as connector:
            signals = set(keys) - READINGS.keys()
            assert not signals or type(connector).read_signal is not Connector.read_signal
        assert len(keys) == len(set(keys))
        assert all(task.title and task.purpose for task in world.vendor.tasks)
        assert any(not task.optional for task in world.vendor.tasks)

    def test_its_products_are_whole(self, world: World) -> None:
        for product in world.vendor.products().products:
            plans = {plan.id for plan in product.plans}
            assert product.title
            assert product.integration
            assert len({sku.id for sku in product.skus}) == len(product.skus)
            assert all(plans & set(sku.plans) for sku in product.skus if sku.kind is SkuKind.SEAT)
            assert all(to_key(sku.id) for sku in product.skus)

    def test_a_form_that_nobody_filled_in_is_refused_at_one_of_its_fields(self, world: World) -> None:
        with pytest.raises(BadInput) as refused:
            world.vendor.check_form({}, None)
        assert refused.value.first.field in {field.key for field in world.vendor.form}

    def test_what_was_typed_in_comes_back_without_its_secrets(self, world: World) -> None:
        vendor = world.vendor
        details = vendor.check_form(world.typed, None)
        assert details.tenant_id
        assert details.credential is not None
        shown = vendor.fill_form(details._replace(credential=None))
        assert shown.keys() <= {field.key for field in vendor.form}
        hidden = [f.key for f in vendor.form if f.kind in (FieldKind.SECRET, FieldKind.FILE)]
        assert not shown.keys() & set(hidden)
        assert details.credential.reveal() not in shown.values()
        assert details.credential.reveal() not in repr(details)

    def test_an_edit_of_nothing_changes_nothing_and_leaves_the_credential_where_it_is(self, world: World) -> None:
        stored = world.vendor.check_form(world.typed, None)._replace(credential=None)
        shown = world.vendor.fill_form(stored)
        assert not shown or world.vendor.check_form(shown, stored) == stored

    def test_the_guide_explains_every_task(self, world: World) -> None:
        guide = world.vendor.guide(world.vendor.tasks)
        assert guide.steps
        needing = [task for task in world.vendor.tasks if task.permission.name]
        assert [need.task for need in guide.needs] == needing

    def test_the_preflight_of_a_tenant_that_is_well_fails_nowhere(self, world: World) -> None:
        with world.opened() as connector:
            checks = list(connector.preflight())
        assert checks
        assert not [check for check in checks if check.passed is False]

    def test_a_roster_is_read_to_its_end_with_everybody_once(self, world: World) -> None:
        with world.opened() as connector:
            pages = list(connector.read_roster())
        keys = [account.key for page in pages for account in page.records]
        assert keys
        assert len(keys) == len(set(keys))
        assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
        assert not any(page.bad for page in pages)

    def test_one_account_alone_is_as_the_list_says_and_nobody_is_none(self, world: World) -> None:
        with world.opened() as connector:
            listed = [account for page in connector.read_roster() for account in page.records][:5]
            assert [connector.read_account(account.key) for account in listed] == listed
            assert connector.read_account(to_key(world.nobody)) is None

    def test_seats_are_of_the_watched_products_alone(self, world: World) -> None:
        skus = {(p.key, to_key(sku.id)) for p in world.vendor.products().products for sku in p.skus}
        with world.opened() as connector:
            accounts = [account for page in connector.read_roster() for account in page.records]
            seats = [seat for account in accounts for seat in connector.to_seats(account)]
            assert seats
            assert {(seat.product, seat.sku) for seat in seats} <= skus
            watched_before = connector.data_version
            connector.watch((), {})
            assert connector.data_version != watched_before
            assert [seat for account in accounts for seat in connector.to_seats(account)] == []

    def test_a_newer_answer_keeps_what_it_did_not_send(self, world: World) -> None:
        with world.opened() as connector:
            account = next(account for page in connector.read_roster() for account in page.records)
            silent = Account(account.key, *[MISSING] * 11)
            assert connector.merge_account(account, silent) == account

    def test_a_row_that_says_nothing_is_nobody_s(self, world: World) -> None:
        with world.opened() as connector:
            assert connector.to_account_key(b"{}") is None
            with pytest.raises(ValueError, match=r"\w"):
                connector.read_again(world.vendor.tasks[0], b"{}")
