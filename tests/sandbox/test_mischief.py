"""Faults by name, the ledger, the clock, and what a wrong option is told."""

from __future__ import annotations

import hashlib

import pytest

from seatkeeper.sandbox.faults import FAULTS
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings, Tenant

from .client import NOW, Client, example, same_shape
from .conftest import Make

pytestmark = pytest.mark.deep


def test_an_unknown_fault_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no-premium, no-consent") as caught:
        Sandbox(people=20, faults=["nonsense"])
    assert all(name in str(caught.value) for name in FAULTS)


@pytest.mark.parametrize("fault", ["server-error=x", "late=sometimes", "no-premium=1", "truncated-roster=-1"])
def test_a_wrong_value_of_a_fault_is_refused(fault: str) -> None:
    with pytest.raises(ValueError, match=fault.partition("=")[0]):
        Sandbox(people=20, faults=[fault])


@pytest.mark.parametrize(
    "settings", [Settings(people=0), Settings(people=10**8), Settings(days=-1), Settings(now="yesterday")]
)
def test_settings_that_make_no_sense_are_refused_by_name(settings: Settings) -> None:
    with pytest.raises(ValueError, match=r"people|days|now"):
        Tenant(settings)


def test_a_tenant_may_be_smaller_than_its_stories(make: Make) -> None:
    client = make(people=3)
    assert [row["givenName"] for row in client.rows("/users")] == ["Ada", "Bo", "Cy"]
    assert client.sandbox.truth()["counts"]["people"] == 3


def test_a_tenant_without_premium_says_so(make: Make) -> None:
    client = make("no-premium", people=20)
    answer = client.ask("/auditLogs/signIns")
    assert answer.status_code == 403
    same_shape(answer.json(), example("error_403_signIns_no_premium"))
    assert client.ask("/organization").json()["value"][0]["assignedPlans"] == []
    assert client.ask("/users").status_code == 200


def test_an_expired_secret_is_refused(make: Make) -> None:
    assert make("secret-expired", people=20).sign_in().json()["error_codes"] == [7000222]


def test_concealed_names_are_32_upper_case_digits(make: Make) -> None:
    client = make("concealed-names", people=1200)
    people = client.rows("/users?$top=999")
    assert all(len(p["userPrincipalName"]) == 32 and p["userPrincipalName"].isupper() for p in people)
    assert len({p["userPrincipalName"] for p in people}) == 1200
    names = {row["userPrincipalName"] for row in client.rows("/auditLogs/signIns?$top=500")}
    assert all(len(name) == 32 for name in names)
    client.sandbox.tenant.permissions.add("ReportSettings.Read.All")
    client.renew()
    assert client.ask("/admin/reportSettings").json()["displayConcealedNames"] is True


def test_the_reports_limit_is_five_in_ten_seconds(make: Make) -> None:
    client = make("throttle", people=20)
    answers = [client.ask("/auditLogs/signIns?$top=1") for _ in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 11
    same_shape(answers[-1].json(), example("error_429_signIns_UnknownError"))
    assert client.ask("/users").status_code == 200


@pytest.mark.parametrize("path", ["/users?$top=50", "/auditLogs/signIns?$top=400"])
def test_empty_pages_lose_nothing(make: Make, path: str) -> None:
    strange, plain = make("empty-page", people=300), make(people=300)
    pages = list(strange.pages(path))
    assert any(page["value"] == [] for page in pages[:-1])
    assert [row for page in pages for row in page["value"]] == plain.rows(path)


def test_the_server_breaks_after_so_many_answers(make: Make) -> None:
    client = make("server-error=2", people=20)
    assert [client.ask("/users").status_code for _ in range(4)] == [200, 200, 503, 503]
    same_shape(client.ask("/users").json(), example("error_503_ServiceUnavailable"))


def test_a_truncated_roster_ends_early_without_a_word(make: Make) -> None:
    client = make("truncated-roster=2", people=300)
    assert len(client.rows("/users?$top=60")) == 120


def test_lateness_can_be_everything_or_nothing(make: Make) -> None:
    late, never = make("late=all", people=3000), make("late=off", people=3000)
    newest = [c.ask("/auditLogs/signIns?$top=1").json()["value"][0]["createdDateTime"] for c in (late, never)]
    assert newest[0] < "2026-08-01T10:00:00" < newest[1]
    assert late.sandbox.truth()["counts"]["sign_ins_late"] > 0
    assert never.sandbox.truth()["counts"]["sign_ins_late"] == 0


def test_the_ledger_knows_every_request_and_no_token(make: Make) -> None:
    client = make(people=20)
    client.ask("/users?$top=3")
    client.ask("/nonsense")
    token, users, nonsense = client.sandbox.ledger
    assert (token["method"], token["bearer"], token["status"]) == ("POST", None, 200)
    assert users["bearer"] == hashlib.sha256(client.token.encode()).hexdigest()
    assert (users["path"], users["query"], users["status"]) == ("/v1.0/users", "$top=3", 200)
    assert users["origin"] == client.sandbox.graph_url
    assert nonsense["status"] == 400
    assert client.token not in str(client.sandbox.ledger)


def test_the_clock_runs_and_only_goes_forward(make: Make) -> None:
    tenant = Tenant(Settings(people=20, now=NOW))
    assert tenant.now.isoformat().startswith("2026-08-01T12:00")
    tenant.move(days=1, hours=2)
    assert tenant.now.isoformat().startswith("2026-08-02T14:00")
    with pytest.raises(ValueError, match="forward"):
        tenant.move(days=-1)


def test_only_reading_is_served(shared: Client) -> None:
    url = f"{shared.sandbox.graph_url}/v1.0/users"
    assert shared.http.delete(url, headers={"Authorization": f"Bearer {shared.token}"}).status_code == 405
    assert shared.http.get(f"{shared.sandbox.login_url}/nowhere").status_code == 404


def test_what_is_ready_names_everything_a_client_needs(shared: Client) -> None:
    ready = shared.sandbox.ready()
    assert list(ready) == ["login_url", "graph_url", "tenant_id", "client_id", "client_secret", "ca_file"]
    assert all(ready.values())
