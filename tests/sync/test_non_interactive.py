"""Sign-ins without a prompt: read apart, with a ledger of their own, and what they add to what is said of people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import pytest

from seatkeeper.app_uses import NON_INTERACTIVE, to_app_use
from seatkeeper.clock import days
from seatkeeper.connectors.catalog import find_product
from seatkeeper.insights.findings import never_seen
from seatkeeper.model import RunStatus, to_instant, to_key
from seatkeeper.sandbox.graph import non_interactive
from seatkeeper.sandbox.world.background import background as background_of
from seatkeeper.sandbox.world.sign_ins import SUCCESS, end_of, ticks_of, who_of
from seatkeeper.services import roster
from seatkeeper.services.listings import person
from seatkeeper.store.models import Application, Connection, Finding, SeatHolder, SignIn
from seatkeeper.sync.coverage import read_ledger
from tests.people import NAME, NOW, Tenant, compare_with_truth, open_tenant

pytestmark = pytest.mark.usefixtures("database")

SILENT = "non-interactive-access"
BOTH = ("licenses", "roster", "access", SILENT)
PROJECT = find_product("microsoft-project")


@contextmanager
def opened(*tasks: str, **changes: Any) -> Iterator[Tenant]:
    with open_tenant(tasks=tasks or BOTH, **changes) as tenant:
        yield tenant


def kept() -> dict[str, set[tuple[bytes, int]]]:
    """Whose sign-ins are kept, and when they were, by their kind."""
    found: dict[str, set[tuple[bytes, int]]] = {"interactive": set(), NON_INTERACTIVE: set()}
    for account, created, name in SignIn.objects.values_list("account", "created", "app__guid"):
        found[to_app_use(name).kind].add((bytes(account), created))
    return found


def background(tenant: Tenant) -> set[tuple[bytes, int]]:
    """Every sign-in to Project itself without a prompt that the log shows."""
    world = tenant.sandbox.tenant
    log, now = background_of(world), world.seconds
    found = set()
    for day in range((now - log.keeps) // 86_400, now // 86_400 + 1):
        for value in log.day(day, 1):
            person = (
                world.directory.ghost if who_of(value) == (1 << 24) - 1 else world.directory.original(who_of(value))
            )
            moment = ticks_of(day, value)
            shown = moment >= (now - log.keeps) * 10_000_000 and log.visible(day, value, now)
            if shown and log.has(day, value) and end_of(value) == SUCCESS:
                found.add((to_key(person.id), moment))
    return found


def asked(tenant: Tenant) -> list[str]:
    """The questions about sign-ins since the ledger was cleared, without those for where the log begins."""
    rows = [(entry["path"], unquote(entry["query"])) for entry in tenant.sandbox.ledger]
    return [f"{path}?{query}" for path, query in rows if path.endswith("/signIns") and "appId eq" in query]


def test_what_beta_tells_of_the_product_itself_is_kept_beside_the_interactive_ones() -> None:
    with opened() as tenant:
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0, 0]
        found = kept()
        assert len(found[NON_INTERACTIVE]) > 50
        assert found[NON_INTERACTIVE] == background(tenant)
        assert compare_with_truth(tenant) == []  # nothing of it changes what the interactive ones say
        silent = [question for question in asked(tenant) if "/beta/" in question]
        assert silent
        for question in silent:  # never of a client that products share: people renew its session all day long
            assert question.count("appId eq") == sum(app.grade == "direct" for app in PROJECT.apps)
            assert "signInEventTypes/any(t: t eq 'nonInteractiveUser')" in question


def test_each_kind_has_its_own_ledger_and_reading_one_proves_nothing_of_the_other() -> None:
    with opened("licenses", "roster", "access") as tenant:
        tenant.sync()
        (connection,) = Connection.objects.values_list("pk", flat=True)
        before = read_ledger(connection).proven(PROJECT.watched)
        assert before
        assert read_ledger(connection, NON_INTERACTIVE).proven(PROJECT.watched_silently) == []
        roster_before = roster.roster(tenant.who, NAME)
        tenant.sandbox.tenant.ledger.clear()
        (result,) = tenant.sync(SILENT)
        assert (result.exit_code, result.run and result.run.status) == (0, RunStatus.COMPLETE)
        assert all("/beta/" in question for question in asked(tenant))
        assert read_ledger(connection).proven(PROJECT.watched) == before
        (span,) = read_ledger(connection, NON_INTERACTIVE).proven(PROJECT.watched_silently)
        assert span.end - span.start >= days(28)
        assert roster.roster(tenant.who, NAME) == roster_before


def test_who_signs_in_without_a_prompt_used_the_product_on_that_day() -> None:
    with opened() as tenant:
        tenant.sync()
        newest: dict[bytes, int] = {}
        for account, moment in background(tenant):
            newest[account] = max(moment, newest.get(account, 0))
        held = {bytes(row.account): row for row in SeatHolder.objects.all()}
        told = {key: row.signals["non-interactive-sign-ins"]["last"] for key, row in held.items()
                if "non-interactive-sign-ins" in row.signals}  # fmt: skip
        assert told == {key: moment for key, moment in newest.items() if key in held}
        later = [key for key, moment in told.items() if moment > (held[key].last_login or 0)]
        assert later
        assert all((held[key].last_activity or 0) >= told[key] for key in later)
        assert {held[key].evidence for key in told} == {"confirmed"}


def test_a_day_without_a_prompt_is_a_day_of_use_that_has_no_number() -> None:
    with opened() as tenant:
        tenant.sync()
        ada = SeatHolder.objects.get(first_name="Ada")
        page = person.read(tenant.who, ada.application_id, ada.object_id, tenant.clock)
        assert {row.key: row.of_days for row in page.signals}["non-interactive-sign-ins"]
        assert any(day.silent for day in page.used)
        account = bytes(ada.account)
        moments = {moment for key, moment in kept()[NON_INTERACTIVE] if key == account}
        assert moments
        assert not moments & {use.when for use in page.sign_ins}
        assert sum(day.sign_ins for day in page.used) < len(moments) + len(page.sign_ins) + 1


def test_absence_is_surer_where_both_kinds_are_complete_and_the_words_say_which() -> None:
    with opened("licenses", "roster", "access") as tenant:
        tenant.sync()
        said = dict(Finding.objects.filter(key="never-seen").values_list("object_id", "advice"))
        assert said
        assert set(said.values()) == {never_seen.ASK_FIRST}
        tenant.sync(SILENT)
        after = dict(Finding.objects.filter(key="never-seen", resolved=None).values_list("object_id", "advice"))
        assert after.keys() == said.keys()  # nobody who never came signs in without a prompt here
        assert set(after.values()) == {never_seen.SURE}


def test_a_reading_without_a_prompt_that_falls_behind_makes_nobody_surer() -> None:
    with opened() as tenant:
        tenant.sync()
        tenant.move(days=3)
        tenant.sync("licenses", "roster", "access")
        advice = set(Finding.objects.filter(key="never-seen", resolved=None).values_list("advice", flat=True))
        assert advice == {never_seen.ASK_FIRST}


def test_an_interactive_sign_in_that_beta_slips_in_takes_no_row_s_place(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = non_interactive.BetaLog.scan
    monkeypatch.setattr(
        non_interactive.BetaLog,
        "scan",
        lambda self, *given, **named: plain(
            non_interactive.BetaLog(self.tenant, frozenset(non_interactive.KINDS)), *given, **named
        ),
    )
    with opened() as tenant:
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0, 0]
        assert kept()[NON_INTERACTIVE] == background(tenant)
        assert compare_with_truth(tenant) == []


def test_a_tenant_without_the_premium_log_refuses_both_and_loses_nothing() -> None:
    with opened() as tenant:
        tenant.sync()
        before = kept()
        tenant.sandbox.tenant.premium = False
        (result,) = tenant.sync(SILENT)
        assert result.exit_code == 3
        assert "premium" in result.message.casefold() or "P1" in result.message
        assert kept() == before


def test_two_runs_keep_each_once_and_ask_only_for_what_is_not_proven() -> None:
    with opened() as tenant:
        tenant.sync()
        tenant.move(days=1)
        tenant.sandbox.tenant.ledger.clear()
        tenant.sync(SILENT)
        assert background(tenant) <= kept()[NON_INTERACTIVE]
        earliest = min(question.split("createdDateTime ge ")[1].split(" ")[0] for question in asked(tenant))
        assert to_instant(earliest) >= to_instant(NOW) - days(8)
        assert Application.objects.get().connection.log_since is not None
