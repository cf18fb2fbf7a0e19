"""Whoever changes whatever in whichever way, commands, REST and pages say the same afterwards, row for row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seatkeeper import failpoints
from seatkeeper.clock import days, system_clock
from seatkeeper.errors import BadInput
from seatkeeper.failpoints import Reached
from seatkeeper.jobs import refreshes
from seatkeeper.model import to_instant, to_text
from seatkeeper.store.models import (
    Application,
    DailySummary,
    Finding,
    FindingException,
    Organization,
    Price,
    Run,
    SeatHolder,
    UnlicensedUser,
)
from tests.api.conftest import Calls, calls  # noqa: F401 - a fixture
from tests.people import NAME, NOW, Tenant, open_tenant
from tests.services.test_activity_reports import HEAD, line
from tests.surfaces import Surfaces, invoke, run
from tests.web.conftest import (  # noqa: F401 - fixtures
    SignedIn,
    empty_store,
    new_member,
    organization,
    signed_in,
)

pytestmark = pytest.mark.usefixtures("database")

EMPLOYEES = "Email,Status\n"
STATE = -1  # of a finding, its last cell


Ask = Callable[[Tenant], Surfaces]


@pytest.fixture
def ask(organization: Organization, signed_in: SignedIn, calls: Calls) -> Ask:  # noqa: F811 - fixtures
    return lambda tenant: Surfaces(tenant.name, Application.objects.get(name=tenant.name).pk, signed_in(), calls())


@pytest.fixture
def tenant(ask: Ask) -> Iterator[Tenant]:
    with open_tenant(people=250, threshold_days=3) as tenant:
        sync(tenant)
        yield tenant


@pytest.fixture
def surfaces(tenant: Tenant, ask: Ask) -> Surfaces:
    return ask(tenant)


def sync(tenant: Tenant, *more: str) -> None:
    """The command, as of the pretend tenant's moment."""
    run("sync", tenant.name, "--now", to_text(tenant.clock()), *more)


class Walk:
    """The changes, each by another way in; a method is a change, in the order in which they are walked."""

    def __init__(self, tenant: Tenant, surfaces: Surfaces, folder: Path) -> None:
        self.tenant, self.surfaces, self.folder = tenant, surfaces, folder
        self.path = f"/applications/{surfaces.application}"

    def rest(self, method: str, path: str, body: Any = None) -> None:
        status, answer = self.surfaces.caller.call(method, path, body)
        assert status < 300, answer

    def post(self, path: str, **form: Any) -> None:
        answer = self.surfaces.browser.post(path, form)
        assert answer.status_code == 302, answer.content.decode()

    def file(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def raise_the_threshold_at_the_command_line(self) -> None:
        run("apps", "edit", NAME, "--threshold", "30")

    def lower_the_threshold_over_rest(self) -> None:
        self.rest("PATCH", self.path, {"threshold_days": 3})

    def except_a_person_over_rest(self) -> None:
        who = Finding.objects.filter(key="never-seen", state="open").order_by("pk")[0].object_id
        self.rest("POST", f"{self.path}/exceptions", {"scope": "person", "value": who, "reason": "on leave"})

    def except_a_sku_on_a_page(self) -> None:
        self.post(f"{self.path}/exceptions/add", scope="sku", value="PROJECT_P1", reason="bought for all")

    def end_an_exception_at_the_command_line(self) -> None:
        run("exceptions", "end", str(FindingException.objects.get(scope="person").pk))

    def set_a_price_on_a_page(self) -> None:
        self.post("/prices/set", part_number="PROJECTPROFESSIONAL", amount="28.10", currency="EUR", period="month")

    def import_prices_at_the_command_line(self) -> None:
        run("prices", "import", self.file("prices.csv", "SKU,Amount,Currency\nPROJECT_P1,10,EUR\n"))

    def delete_a_price_over_rest(self) -> None:
        self.rest("DELETE", f"/prices/{Price.objects.order_by('pk')[0].pk}")

    def import_the_list_of_employees_over_rest(self) -> None:
        known = SeatHolder.objects.order_by("pk").values_list("user_id", flat=True)[:40]
        text = EMPLOYEES + "".join(f"{user_id},{'active' if n % 3 else 'left'}\n" for n, user_id in enumerate(known))
        status, answer = self.surfaces.caller.upload("/employees", text.encode())
        assert status == 200, answer

    def recognize_somebody_over_rest(self) -> None:
        who = UnlicensedUser.objects.filter(state="open").order_by("pk")[0].object_id
        self.rest("PUT", f"{self.path}/suspicious/{who}/recognition", {"reason": "a bot of ours"})

    def take_the_recognition_back_on_a_page(self) -> None:
        who = UnlicensedUser.objects.get(state="recognized")
        self.post("/suspicious/unrecognize", application=str(who.application_id), account=who.object_id)

    def upload_an_activity_report_at_the_command_line(self) -> None:
        idle = SeatHolder.objects.filter(status="never seen").order_by("pk").values_list("user_id", flat=True)[:5]
        run("apps", "report", NAME, self.file("report.csv", HEAD + "".join(line(user_id) for user_id in idle)))

    def accept_a_finding_on_a_page(self) -> None:
        self.post(f"/findings/{Finding.objects.filter(state='open').order_by('pk')[0].pk}/accept")

    def accept_another_over_rest(self) -> None:
        self.rest("POST", f"/findings/{Finding.objects.filter(state='open').order_by('pk')[0].pk}/accept", {})

    def reopen_one_on_a_page(self) -> None:
        self.post(f"/findings/{Finding.objects.filter(state='accepted').order_by('pk')[0].pk}/reopen")

    def tick_a_task_and_read_it(self) -> None:
        run("apps", "edit", NAME, *(f"--task={key}" for key in ("roster", "access", "licenses", "activity")))
        sync(self.tenant)

    def untick_it_over_rest(self) -> None:
        self.rest("PATCH", self.path, {"tasks": ["roster", "access", "licenses"]})

    def deactivate_it_on_a_page(self) -> None:
        self.post(f"{self.path}/deactivate")

    def reactivate_it_at_the_command_line(self) -> None:
        run("apps", "reactivate", NAME)

    def read_two_days_later(self) -> None:
        self.tenant.move(days=2)
        sync(self.tenant)

    def read_as_of_a_moment_before(self) -> None:
        self.tenant.moved -= days(1)
        sync(self.tenant)

    def rename_it_over_rest(self) -> None:
        self.rest("PATCH", self.path, {"name": "Project EMEA"})
        object.__setattr__(self.surfaces, "name", "Project EMEA")


CHANGES = [change for name, change in vars(Walk).items() if "_" in name.strip("_")]
QUIET = ("rename_it_over_rest", "read_as_of_a_moment_before")  # these may change no figure


def test_all_surfaces_say_the_same_after_every_change(tenant: Tenant, surfaces: Surfaces, tmp_path: Path) -> None:
    walk, before, states = Walk(tenant, surfaces, tmp_path), surfaces.compare(), set[str]()
    for change in CHANGES:
        change(walk)
        after = surfaces.compare()
        assert after != before or change.__name__ in QUIET, change.__name__
        before = after
        states |= {finding[STATE] for finding in after.findings}
    assert states == {"open", "accepted", "excepted"}


def test_what_one_application_changes_at_a_connection_shows_at_the_others(ask: Ask) -> None:
    """Tasks are the connection's: unticked with one product, they are unticked for all that are read through it."""
    with open_tenant(people=120, threshold_days=10) as tenant:
        surfaces = ask(tenant)
        tenant.add(product="microsoft-visio", name="Visio", tasks=("roster", "access", "licenses", "activity"))
        sync(tenant)
        before = surfaces.compare()
        assert any(holder[-1] for holder in before.holders)  # when they last got in anywhere
        run("apps", "edit", "Visio", "--task=roster", "--task=access", "--task=licenses")
        assert not any(holder[-1] for holder in surfaces.of_pages().holders)
        assert surfaces.compare() != before


@pytest.mark.deep
def test_a_run_that_was_held_and_confirmed_shows_everywhere(ask: Ask) -> None:
    with open_tenant(people=2500, threshold_days=3) as tenant:
        sync(tenant)
        surfaces = ask(tenant)
        before = surfaces.compare()
        tenant.sandbox.tenant.switch_on("truncated-roster", "2")
        with pytest.raises(AssertionError, match="held"):
            sync(tenant, "--task", "roster", "--full")
        told = {**before.counts, "health": "attention"}  # somebody has to decide, and nothing else is new
        assert surfaces.compare() == replace(before, counts=told)
        run("runs", "confirm", str(Run.objects.get(status="held").pk))
        assert len(surfaces.compare().holders) < len(before.holders)


def test_a_command_shows_what_the_background_has_not_come_to_yet(
    tenant: Tenant, surfaces: Surfaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large application is refreshed after the answer, by a worker; who asks at the command line need not wait."""
    monkeypatch.setattr(refreshes, "SMALL", 5)
    walk, before = Walk(tenant, surfaces, tmp_path), surfaces.compare()
    for change in (walk.set_a_price_on_a_page, walk.except_a_person_over_rest, walk.delete_a_price_over_rest):
        change()
        assert surfaces.of_pages().findings == sorted(before.findings, key=repr)
        assert Application.objects.get().refresh_wanted_since is not None
        after = surfaces.compare()
        assert after != before
        assert Application.objects.get().refresh_wanted_since is None
        before = after


@pytest.mark.deep
def test_a_command_shows_what_a_process_that_died_has_read(tenant: Tenant, surfaces: Surfaces) -> None:
    before = surfaces.compare()
    tenant.move(days=3)
    failpoints.arm("FP:before-refreshed=error")
    with pytest.raises(Reached):
        sync(tenant)
    failpoints.arm("")
    assert surfaces.of_pages() == replace(before, counts=surfaces.of_pages().counts)
    assert surfaces.compare() != before
    assert DailySummary.objects.latest("pk").day == tenant.clock() // days(1)  # as of the reading, not of who looked


@pytest.mark.deep
def test_a_command_shows_the_figures_of_a_new_version_at_once(tenant: Tenant, surfaces: Surfaces) -> None:
    """After an upgrade nothing was read, but rows of the version before may lack what this one shows."""
    before, refreshed = surfaces.compare(), DailySummary.objects.latest("pk").refreshed
    DailySummary.objects.update(digest="of the version before")
    SeatHolder.objects.update(last_activity=None, status="")
    assert surfaces.of_commands().holders == before.holders
    assert surfaces.compare() == before
    assert DailySummary.objects.latest("pk").refreshed == refreshed


@pytest.mark.deep
def test_figures_are_as_of_the_moment_that_sync_names(tenant: Tenant, surfaces: Surfaces, tmp_path: Path) -> None:
    """Whatever was refreshed before, and as of whichever moment: what is shown is the last refresh."""

    def day_shown() -> int:
        surfaces.compare()
        return DailySummary.objects.latest("pk").day - to_instant(NOW) // days(1)

    walk = Walk(tenant, surfaces, tmp_path)
    assert day_shown() == 0
    walk.raise_the_threshold_at_the_command_line()  # as of today, by this machine
    assert day_shown() == system_clock() // days(1) - to_instant(NOW) // days(1)
    accepted = Finding.objects.filter(key__in=("deleted", "renewal", "blocked"), state="open")
    kept = list(accepted.values_list("pk", flat=True))
    assert kept
    for distance in (2, -1, 1):
        tenant.moved = days(distance)
        sync(tenant, "--task", "licenses")
        assert day_shown() == distance
    assert set(kept) == set(Finding.objects.filter(pk__in=kept, resolved=None).values_list("pk", flat=True))


def test_now_of_a_reading_command_is_checked_and_changes_nothing(tenant: Tenant) -> None:
    for word in ("access", "findings", "report"):
        plain, dated = invoke(word, NAME, "--format", "csv"), invoke(word, NAME, "--format", "csv", "--now", NOW)
        assert (dated.exit_code, dated.stdout) == (0, plain.stdout)
        assert (plain.stderr, dated.stderr.count("\n")) == ("", 1)
        assert "--now" in dated.stderr
        assert isinstance(invoke(word, NAME, "--now", "yesterday").exception, BadInput)
