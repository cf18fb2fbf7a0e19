"""Where notices go: what is wanted, to whom it belongs, and what nobody may ever read again."""

from __future__ import annotations

import pytest

from seatkeeper.clock import days
from seatkeeper.errors import NotAllowed, NotFound
from seatkeeper.services import notice_targets
from seatkeeper.services.members import ROLES, Role, operator
from seatkeeper.services.notice_targets import NewTarget
from seatkeeper.store.models import AuditEvent, Connection, NoticeDelivery, NoticeTarget, Organization
from tests.people import open_tenant

from .test_notices import ADDRESS, START, Post, a_post, listen, look  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("database")


def test_a_target_gets_the_kinds_it_wants_and_a_paused_one_nothing(post: Post) -> None:
    with open_tenant():
        wanted, other, paused = listen(("secret-expires",)), listen(("gap",), "other"), listen((), "paused")
        notice_targets.set_active(operator(), paused.pk, active=False)
        Connection.objects.update(credential_expires=START + days(10))
        look()
        assert [each.target_id for each in NoticeDelivery.objects.all()] == [wanted.pk]
        assert other.pk != wanted.pk


def test_organizations_hear_of_their_own_only(post: Post) -> None:
    with open_tenant() as tenant:
        unlicensed_user = tenant.who._replace(organization_id=Organization.objects.create(name="Other", created=0).pk)
        notice_targets.add(unlicensed_user, NewTarget("theirs", ADDRESS, "webhook"))
        Connection.objects.update(credential_expires=START + days(10))
        look()
        assert post.told() == []
        mine = listen()
        for attempt in (notice_targets.test, notice_targets.delete):
            with pytest.raises(NotFound):
                attempt(unlicensed_user, mine.pk)
        assert notice_targets.list_targets(tenant.who) == [mine]


def test_an_address_is_sealed_and_the_trail_has_no_secret(post: Post) -> None:
    with open_tenant() as tenant:
        added = notice_targets.add(tenant.who, NewTarget("hook", ADDRESS, "webhook"))
        assert added.secret is not None
        row = NoticeTarget.objects.get()
        assert ADDRESS.encode() not in bytes(row.address)
        assert added.secret.reveal().encode() not in bytes(row.secret)
        notice_targets.test(tenant.who, row.pk)
        assert post.sent[0].event == "test"
        trail = str(list(AuditEvent.objects.values_list("action", "subject", "detail")))
        assert "notice-target.added" in trail
        assert ADDRESS not in trail
        with pytest.raises(NotAllowed):
            notice_targets.list_targets(tenant.who._replace(may=ROLES[Role.LICENSES]))
