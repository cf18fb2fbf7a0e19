"""Notices: one open for each condition, over when the condition is, and told until it was heard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina

from seatkeeper.clock import days, seconds
from seatkeeper.errors import Unavailable
from seatkeeper.model import Instant, to_instant
from seatkeeper.notices import delivery, dispatch
from seatkeeper.notices.delivery import Message, Target
from seatkeeper.notices.kinds import level_of
from seatkeeper.services import notice_targets
from seatkeeper.services.members import operator_in
from seatkeeper.services.notice_targets import NewTarget
from seatkeeper.store.models import (
    Application,
    Connection,
    Finding,
    Notice,
    NoticeDelivery,
    NoticeTarget,
    Organization,
    Quarantine,
    Renewal,
    Run,
    Task,
)
from tests.people import NAME, NOW, Tenant, open_tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")

ADDRESS = "https://93.184.215.14/hook"
START = to_instant(NOW)


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


class Post:
    """Takes the place of the network; `broken` is what a receiver does."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.broken = False

    def __call__(self, target: Target, message: Message) -> None:
        assert target.address.reveal() == ADDRESS
        if self.broken:
            raise Unavailable("The receiver answered 500.")
        self.sent.append(message)

    def told(self) -> list[tuple[str, str]]:
        """What was sent since the last look."""
        found = [(message.kind, message.event) for message in self.sent]
        self.sent.clear()
        return found


@pytest.fixture(name="post")
def a_post(monkeypatch: pytest.MonkeyPatch) -> Post:
    made = Post()
    monkeypatch.setattr(delivery, "send", made)
    return made


def listen(conditions: tuple[str, ...] = (), name: str = "hook") -> NoticeTarget:
    return notice_targets.add(operator_in("Default"), NewTarget(name, ADDRESS, "webhook", conditions)).target


def look(now: Instant = START) -> None:
    dispatch.look_and_send(lambda: now)


def open_kinds() -> list[str]:
    return sorted(Notice.objects.filter(closed=None).values_list("kind", flat=True))


def set_up(tenant: Tenant) -> None:
    """What is no matter of the test is not told."""
    listen(("run-failed", "zero-rows", "quarantine", "gap", "secret-expires", "renewal"))
    Renewal.objects.update(next_lifecycle=None)
    assert tenant.who.organization_id == Organization.objects.get().pk


def test_a_failed_run_is_told_once_and_its_recovery_too(post: Post) -> None:
    with open_tenant() as tenant:
        set_up(tenant)
        tenant.sandbox.tenant.switch_on("secret-expired")
        assert {result.exit_code for result in tenant.sync()} == {3}
        for minute in range(3):
            look(START + seconds(60 * minute))
        assert post.told() == [("run-failed", "opened")]
        assert Notice.objects.get(kind="run-failed").told is not None
        tenant.sandbox.tenant.switch_off("secret-expired")
        tenant.sync()
        Renewal.objects.update(next_lifecycle=None)
        look(START + days(0.1))
        assert ("run-failed", "closed") in post.told()
        assert open_kinds() == []
        tenant.sync("licenses")
        Renewal.objects.update(next_lifecycle=None)
        look(START + days(0.2))
        assert post.told() == []


def test_a_run_under_way_or_cut_short_is_no_recovery(post: Post) -> None:
    with open_tenant() as tenant:
        set_up(tenant)
        task = Task.objects.get(key="roster")
        for number, word in enumerate(("failed", "running", "interrupted")):
            Run.objects.create(
                organization_id=tenant.who.organization_id, task=task, status=word, started=START + number
            )
            look(START + seconds(60 * number))
            assert [n.title for n in Notice.objects.filter(closed=None)] == [f"Application Roster of “{NAME}” failed"]
        Run.objects.create(organization_id=tenant.who.organization_id, task=task, status="complete", started=START + 9)
        look(START + days(1))
        assert post.told() == [("run-failed", "opened"), ("run-failed", "closed")]


def test_a_task_that_nobody_ticked_is_no_trouble(post: Post) -> None:
    with open_tenant() as tenant:
        set_up(tenant)
        task = Task.objects.get(key="roster")
        Run.objects.create(organization_id=tenant.who.organization_id, task=task, status="failed", started=START)
        Task.objects.update(enabled=False)
        look()
        assert post.told() == []


def test_an_empty_full_read_and_rows_that_are_not_understood_are_told(post: Post) -> None:
    with open_tenant() as tenant:
        set_up(tenant)
        task = Task.objects.get(key="roster")
        run = Run.objects.create(
            organization_id=tenant.who.organization_id, task=task, status="complete", started=START, full=True
        )
        row = Quarantine.objects.create(
            connection_id=task.connection_id, task="roster", run=run, raw=b"{}", reason="?", digest=b"1",
            first_seen=START, last_seen=START,
        )  # fmt: skip
        look()
        assert sorted(post.told()) == [("quarantine", "opened"), ("zero-rows", "opened")]
        row.resolved = True
        row.save()
        Run.objects.create(
            organization_id=tenant.who.organization_id,
            task=task,
            status="complete",
            started=START + 1,
            full=True,
            rows=5,
        )
        look(START + seconds(60))
        assert sorted(post.told()) == [("quarantine", "closed"), ("zero-rows", "closed")]


def test_sign_ins_that_were_lost_are_told_for_a_month(post: Post) -> None:
    with read_tenant() as tenant:
        set_up(tenant)
        tenant.move(days=40)
        look(tenant.clock())
        assert ("gap", "opened") in post.told()  # beside every task that is overdue
        look(tenant.clock() + days(61))
        assert "gap" in open_kinds()  # nobody reads: more is lost every day
        tenant.sync("access")
        look(tenant.clock() + days(0.1))
        assert "gap" in open_kinds()


def test_a_secret_is_told_again_at_each_nearer_day(post: Post) -> None:
    with open_tenant() as tenant:
        set_up(tenant)
        Connection.objects.update(credential_expires=START + days(70))
        told = []
        for left in (70, 61, 60, 59, 31, 30, 29, 20, 14, 13, 7, 5, 1, 0.5, -1):
            look(START + days(70 - left))
            told += [(left, event) for kind, event in post.told() if kind == "secret-expires"]
        assert told == [(60, "opened"), (30, "closer"), (14, "closer"), (7, "closer"), (1, "closer")]
        assert Notice.objects.filter(kind="secret-expires").count() == 1
        Connection.objects.update(credential_expires=START + days(400))
        look(START + days(72))
        assert post.told() == [("secret-expires", "closed")]


@pytest.mark.parametrize(("left", "level"), [(61, 0), (60, 1), (31, 1), (30, 2), (8, 2), (7, 3), (0, 3), (-5, 3)])
def test_levels(left: int, level: int) -> None:
    assert level_of(days(left), (60, 30, 7)) == level


def test_a_renewal_is_told_at_60_30_and_7_days_and_ends_silently(post: Post) -> None:
    with open_tenant() as tenant:
        tenant.sync("licenses")
        set_up(tenant)
        when = START + days(70)
        assert Renewal.objects.filter(part_number="PROJECTPREMIUM").update(next_lifecycle=when) == 1
        for left in (70, 60, 45, 30, 7, 1, -1):
            look(when - days(left))
        assert [told for told in post.told() if told[0] == "renewal"] == [
            ("renewal", "opened"), ("renewal", "closer"), ("renewal", "closer"),
        ]  # fmt: skip
        assert not Notice.objects.filter(kind="renewal", closed=None).exists()


def test_new_findings_are_told_once_a_day(post: Post) -> None:
    with open_tenant() as tenant:
        listen(("findings",))
        application = Application.objects.get()

        def find(subject: str, when: Instant) -> None:
            Finding.objects.create(
                application=application, key="unused", subject=subject, plan="", advice="", state="open",
                first_seen=when, last_seen=when, words="", user_id="ada@example.com",
            )  # fmt: skip

        look(START)
        assert post.told() == []
        find("a", START + 1)
        look(START + seconds(60))
        assert post.told() == []  # whatever belongs to that moment may still be on its way
        look(START + seconds(1000))
        assert [message.title for message in post.sent] == ["1 new finding"]
        assert "ada" not in post.sent[0].body
        assert post.told() == [("findings", "opened")]
        find("b", START + seconds(500))  # dated before the last digest, and seen by it no more
        find("c", START + seconds(2000))
        look(START + days(0.5))
        assert post.told() == []
        look(START + days(1))
        assert [message.title for message in post.sent] == ["2 new findings"]
        post.told()
        look(START + days(2))
        assert post.told() == []
        assert tenant.who.organization_id


def test_what_could_not_be_sent_is_tried_again_after_a_longer_wait_each_time(post: Post) -> None:
    with open_tenant() as tenant:
        listen(("secret-expires",))
        Connection.objects.update(credential_expires=START + days(10))
        post.broken = True
        tried: list[int] = []
        for minute in range(130):
            look(START + seconds(60 * minute))
            if NoticeDelivery.objects.get().tries > len(tried):
                tried.append(minute)
        assert tried == [0, 1, 3, 7, 15, 31, 63, 127]
        assert NoticeTarget.objects.get().trouble == "The receiver answered 500."
        assert Notice.objects.get().told is None
        post.broken = False
        look(START + days(1))
        assert post.told() == [("secret-expires", "opened")]
        assert (NoticeTarget.objects.get().trouble, Notice.objects.get().told) == ("", START + days(1))
        assert tenant.who


def test_what_is_over_before_anybody_could_be_told_is_not_told(post: Post) -> None:
    with open_tenant():
        listen()
        Connection.objects.update(credential_expires=START + days(10))
        post.broken = True
        look()
        Connection.objects.update(credential_expires=None)
        post.broken = False
        look(START + days(1))
        assert post.told() == []
