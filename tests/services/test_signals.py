"""The signals are one list: what is in it shows everywhere, and counts by what it can prove."""

from __future__ import annotations

import pytest

from seatkeeper.clock import days
from seatkeeper.insights.base import Sighting
from seatkeeper.model import to_instant
from seatkeeper.reporting import refresh
from seatkeeper.reporting.signals import SIGNALS, Find, Readings, Signal
from seatkeeper.services.listings import person, users
from seatkeeper.services.listings.base import Question
from seatkeeper.store.models import Application, SeatHolder
from seatkeeper.store.queries.roster import SeatRow
from tests.people import NOW, read_tenant

pytestmark = pytest.mark.usefixtures("database")

YESTERDAY = to_instant(NOW) - days(1)


def _door_openings(_readings: Readings) -> Find:
    """Bo came through a door that only this product opens."""

    def find(row: SeatRow) -> Sighting | None:
        return Sighting("door-openings", YESTERDAY, True, to_instant(NOW)) if row.given_name == "Bo" else None

    return find


DOORS = Signal(
    "door-openings",
    "Door openings",
    "Last Door",
    "Confirms use.",
    "Came through the door on {day}.",
    lambda _product: True,
    _door_openings,
)


def holder(name: str) -> SeatHolder:
    return SeatHolder.objects.get(first_name=name)


def test_the_person_s_page_lists_each_signal_with_its_date_what_it_knows_and_what_it_proves() -> None:
    with read_tenant(tasks=["roster", "access", "activity"]) as tenant:
        found = person.read(tenant.who, Application.objects.get().pk, holder("Ada").object_id, tenant.clock)
        told = {said.key: said for said in found.signals}
        sign_ins, others = ["sign-ins", "non-interactive-sign-ins"], ["shared-sign-ins", "account-activity"]
        assert list(told) == [*sign_ins, "report", "audit-events", "activations", *others]
        ada = holder("Ada")
        assert (told["sign-ins"].last, told["account-activity"].last) == (ada.last_login, ada.last_in_tenant)
        assert told["report"].last is None  # none was uploaded
        read = tenant.clock() - days(1)
        assert told["account-activity"].until is not None
        assert abs(told["account-activity"].until - read) < days(0.01)
        assert "Confirms use" in told["sign-ins"].proves
        assert "not signed in anywhere since" in told["account-activity"].proves


def test_a_signal_more_is_one_entry_and_shows_everywhere(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with read_tenant() as tenant:
        assert holder("Bo").status != "active"
        request.addfinalizer(lambda: SIGNALS.remove(DOORS))
        SIGNALS.append(DOORS)
        monkeypatch.setattr("seatkeeper.reporting.inputs.FORM", 0)  # as after an upgrade that brings the signal
        refresh.refresh_application(Application.objects.get(), tenant.clock)
        bo = holder("Bo")
        assert (bo.evidence, bo.status) == ("confirmed", "active")
        application = Application.objects.get()
        found = person.read(tenant.who, application.pk, bo.object_id, tenant.clock)
        assert (found.signals[-1].title, found.signals[-1].last) == ("Door openings", YESTERDAY)
        assert any("Came through the door on 2026-07-31" in sentence for sentence in found.why)
        listing, rows = users.listing(tenant.who, application.pk), users.rows(tenant.who, application.pk)
        assert "Last Door" in [column.title for column in listing.columns]
        answer = listing.ask(rows, Question(sort="-door-openings", columns=("user_id", "door-openings")))
        assert [getattr(row, "door-openings") for row in answer.rows[:2]] == [YESTERDAY, None]
