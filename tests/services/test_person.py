"""A person's page: holders, unlicensed_users and those who left, with what we say and what it stands on."""

from __future__ import annotations

import pytest

from seatkeeper.errors import NotFound
from seatkeeper.model import to_text
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from seatkeeper.services.listings import person
from seatkeeper.services.members import operator
from seatkeeper.store.models import Application, AuditEvent, SeatHolder, SignIn, UnlicensedUser
from tests.people import NOW, Tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")


def read(tenant: Tenant, object_id: str) -> person.Person:
    return person.read(tenant.who, Application.objects.get().pk, object_id, tenant.clock)


def test_a_holder_with_the_timeline_and_the_newest_sign_ins() -> None:
    with read_tenant() as tenant:
        row = SeatHolder.objects.filter(last_login__isnull=False).order_by("pk")[0]
        found = read(tenant, row.object_id)
        assert found.holder == row
        assert found.timeline[0].until is None
        assert found.timeline[0].since is not None
        assert max(use.when for use in found.sign_ins if use.direct) == row.last_login
        assert any(to_text(row.last_login or 0)[:10] in sentence for sentence in found.why)
        noted = AuditEvent.objects.get(action="person.read")
        assert noted.subject == row.user_id


def test_the_newest_sign_ins_are_all_there_on_quiet_days() -> None:
    with read_tenant() as tenant:
        for row in SeatHolder.objects.all():
            mine = SignIn.objects.filter(account=row.account, error_code=0).order_by("-created")
            shown = read(tenant, row.object_id)
            if len(shown.used) <= person.MOST_READ:
                assert [use.when for use in shown.sign_ins] == list(mine.values_list("created", flat=True))[
                    : person.MOST
                ]
            assert sum(day.sign_ins + day.possible for day in shown.used) == mine.count()


def test_an_unlicensed_user_and_somebody_nobody_knows() -> None:
    with read_tenant() as tenant:
        row = UnlicensedUser.objects.order_by("pk")[0]
        found = read(tenant, row.object_id)
        assert (found.holder, found.unlicensed_user, found.user_id) == (None, row, row.user_id)
        assert any("holds no seat" in sentence for sentence in found.why)
        for unknown in ("00000000-0000-4000-8000-000000000000", "a\0b"):
            with pytest.raises(NotFound):
                read(tenant, unknown)


def test_somebody_who_left_is_still_told_of() -> None:
    restless = Settings(people=250, days=45, seed=1, now=NOW, frozen=True, churn=30)
    with Sandbox(settings=restless) as sandbox:
        tenant = Tenant(sandbox, operator())
        tenant.add()
        tenant.sync()
        before = set(SeatHolder.objects.values_list("object_id", flat=True))
        for _ in range(5):
            tenant.move(days=2)
            tenant.sync()
        left = before - set(SeatHolder.objects.values_list("object_id", flat=True))
        assert left
        for object_id in left:
            found = read(tenant, object_id)
            assert found.holder is None
            assert all(held.until is not None for held in found.timeline)
            assert any("Not on the roster any more since" in sentence for sentence in found.why)
