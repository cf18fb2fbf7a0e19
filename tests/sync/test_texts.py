"""No seat holder is missing for a character: any text that JSON can hold keeps its person, the same on both engines."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator

import pytest
import stamina
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from seatkeeper import __version__
from seatkeeper.model import to_id, to_key
from seatkeeper.services import coverage
from seatkeeper.store.models import Account, Quarantine, Run, Seat, SeatHolder
from tests.people import Tenant, compare_with_truth, open_tenant
from tests.spoiled import Row, spoiled

pytestmark = pytest.mark.usefixtures("database")

NAMES = ("givenName", "surname", "displayName", "department", "usageLocation", "mail", "userType")
FIELDS = ("given_name", "surname", "display_name", "department", "usage_location", "mail", "user_type")
ODD = [
    "\0", "\ud800", "\udfff", "\x01", "\x1b", "\x7f", "\x85", "\u202e", "\u2028", "\ufeff", "\ufffe", "\ufffd",
    "é", "e\u0301", "😀", "ß", "İ", "'", '"', "\\", "%", "=", "\n", "\t",
]  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(ODD), st.text(st.characters(), max_size=30)), max_size=8).map("".join)
OLD_DATA = "2026-11-25 c49b2b8c35e2b1ad"  # an earlier reader told its version and product data only
PACKS_BADLY = random.Random(1).randbytes(5_000).hex()  # an index packs what it can before it refuses a text
LONG = st.sampled_from(["é😀\0" * 900, "\ud800" * 700, PACKS_BADLY])


@pytest.fixture(autouse=True)
def _patience_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


def stored(sent: str) -> str:
    """What is kept of a text: two halves of a surrogate pair that meet in JSON are one character."""
    return re.sub("[\0\ud800-\udfff]", "\ufffd", json.loads(json.dumps(sent)))


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with open_tenant(people=60) as tenant:
        tenant.sync("licenses")
        yield tenant


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a smaller example is not worth the minutes of reading it takes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example([PACKS_BADLY])
@given(st.lists(st.one_of(TEXTS, TEXTS, TEXTS, LONG), min_size=1, max_size=60))
def test_whatever_people_are_called_all_are_on_the_roster_and_their_names_are_kept(
    tenant: Tenant, texts: list[str]
) -> None:
    sent: dict[str, list[str]] = {}

    def rename(row: Row) -> None:
        number = sent.setdefault(row["id"], [str(len(sent))])[0]
        names = [texts[(int(number) + place) % len(texts)] for place in range(len(NAMES) + 1)]
        sent[row["id"]] = [number, *names]
        row |= dict(zip(NAMES, names, strict=False)) | {"userPrincipalName": f"{names[-1]}@x.example"}

    with spoiled(rename, "/users"):
        (result,) = tenant.sync("roster", full=True)
    assert (result.exit_code, result.run and result.run.quarantined) == (0, 0)
    true = {row["object_id"] for row in tenant.sandbox.truth()["roster"]}
    assert {row["Object ID"] for row in tenant.roster()} == true
    assert set(SeatHolder.objects.values_list("object_id", flat=True)) == true
    for account in Account.objects.filter(until=2**31 - 1):
        _number, *names, upn = sent[to_id(account.key)]
        assert [getattr(account, field) for field in FIELDS] == [stored(name) for name in names]
        assert account.upn == stored(f"{upn}@x.example")


def test_names_in_the_log_and_of_what_was_bought_cost_no_row_either(tenant: Tenant) -> None:
    def spoil(row: Row) -> None:
        row |= {name: f"\ud800{row[name]}\0" for name in ("userPrincipalName", "skuPartNumber") if name in row}
        row |= {"capabilityStatus": "En\0abled", "status": "Ena\0bled"} if "skuPartNumber" in row else {}

    with spoiled(spoil, "/auditlogs/signins", "/subscribedskus", "/directory/subscriptions"):
        assert [result.exit_code for result in tenant.sync()] == [0, 0, 0]
    assert not Quarantine.objects.exists()
    assert [line for line in compare_with_truth(tenant) if not line.startswith("suspicious")] == []
    true = {row["user_id"] for row in tenant.sandbox.truth()["suspicious"]}
    assert {row["User ID"].strip("\ufffd") for row in tenant.suspicious()} == true


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_an_id_is_kept_as_it_is_or_not_at_all(tenant: Tenant, character: str) -> None:
    tenant.sync()
    before = tenant.roster()
    holder = before[0]["Object ID"]

    def spoil(row: Row) -> None:
        if row["id"] == holder:
            row["id"] = holder[:-1] + character

    with spoiled(spoil, "/users"):
        (result,) = tenant.sync("roster", full=True)
    assert result.exit_code == 6
    assert Quarantine.objects.get(resolved=False).reason.startswith("not an id")
    assert tenant.roster() == before  # nobody is gone: a row did not say whose it is
    assert "�" not in {to_id(key)[-1] for key in Account.objects.values_list("key", flat=True)}


def test_whom_an_earlier_version_set_aside_for_a_character_is_back_after_the_next_run(tenant: Tenant) -> None:
    tenant.sync("roster")
    (holder, *_others) = tenant.roster()

    def rename(row: Row) -> None:
        if row["id"] == holder["Object ID"]:
            row["givenName"] = "Ada\0"

    with spoiled(rename, "/users", "/users/delta"):
        _as_the_earlier_version_left_it(tenant, holder["Object ID"])
        assert holder["Object ID"] not in {row["Object ID"] for row in tenant.roster()}
        (result,) = tenant.sync("roster")
        assert "1 rows that an earlier version had set aside are understood now." in result.message
    back = {row["Object ID"]: row["First Name"] for row in tenant.roster()}
    assert back[holder["Object ID"]] == "Ada\ufffd"
    assert coverage.quarantine(tenant.who, tenant.name).rows == []


def _as_the_earlier_version_left_it(tenant: Tenant, object_id: str) -> None:
    """Its row is in quarantine, read by that version; the account and the seat are nowhere, so no page shows them."""
    row = {"id": object_id, "userPrincipalName": "ada@x.example", "givenName": "Ada\0"}
    run = Run.objects.filter(task__key="roster").latest("pk")
    Quarantine.objects.create(
        connection=run.task.connection, task="roster", run=run, raw=json.dumps(row).encode(), digest=b"1",
        reason="a text holds a NUL character", first_seen=1, last_seen=1, tried_with=f"{__version__} {OLD_DATA}",
    )  # fmt: skip
    Account.objects.filter(key=to_key(object_id)).delete()
    Seat.objects.filter(account=to_key(object_id)).delete()
    SeatHolder.objects.filter(object_id=object_id).delete()
