"""Days pass: people come back, names are used again, joiners sign in, the log is rewritten and forgets."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from seatkeeper.sandbox.ledger import ledger_hash
from seatkeeper.sandbox.serve import More, Sandbox
from seatkeeper.sandbox.world.tenant import Settings, Tenant
from seatkeeper.sandbox.world.truth import truth
from tests.thorough import in_turn

from .client import NOW, Client
from .conftest import Make

pytestmark = pytest.mark.deep

SELECT = "id,userPrincipalName,mail,accountEnabled,assignedLicenses"
DIRECT = "/auditLogs/signIns?$filter=appId eq 'f53895d3-095d-408f-8e93-8f94b391404e'"


def _lived(days: int, **more: Any) -> Tenant:
    tenant = Tenant(Settings(people=600, now=NOW, frozen=True, churn=60, **more))
    tenant.move(days=days)
    return tenant


def test_who_was_deleted_may_come_back_with_the_same_id() -> None:
    directory = _lived(10).directory
    back = [change.number for change in directory.log if change.kind == "return"]
    assert back
    for number in back:
        kinds = [change.kind for change in directory.history[number]]
        assert "leave" in kinds[: kinds.index("return")]


def test_a_name_is_used_again_by_another_id_and_found_there() -> None:
    tenant = _lived(10)
    directory = tenant.directory
    owners: dict[str, set[str]] = {}
    for number in range(directory.total):
        for change in directory.history.get(number, ()):
            if change.after:
                owners.setdefault(change.after.upn.lower(), set()).add(change.after.id)
        if number < directory.people:
            owners.setdefault(directory.original(number).upn.lower(), set()).add(directory.original(number).id)
    again = {upn for upn, ids in owners.items() if len(ids) > 1}
    assert again
    there = [person.upn.lower() for person in directory.everybody(tenant.seconds)]
    assert len(there) == len(set(there))
    for upn in again & set(there):
        assert directory.find(upn, tenant.seconds)


def test_whoever_joined_signs_in(make: Make) -> None:
    client = make(people=600, churn=60)
    client.sandbox.tenant.move(days=12)
    client.renew()
    joined = {client.sandbox.tenant.directory.original(n).id for _, n in client.sandbox.tenant.directory.joined}
    assert joined & {row["userId"] for row in client.rows("/auditLogs/signIns?$select=userId")}
    assert joined & {row["userId"] for row in client.rows(DIRECT)}


def test_a_sign_in_is_rewritten_after_mfa_and_keeps_its_id(make: Make) -> None:
    client = make("late=off", people=3000, restless=True, sign_ins=60_000, now="2026-07-31T12:00:00Z")
    before = {row["id"]: row["status"]["errorCode"] for row in client.rows(DIRECT)}
    pending = client.sandbox.truth()["counts"]["sign_ins_pending"]
    client.sandbox.tenant.move(hours=2)
    client.renew()
    after = {row["id"]: row["status"]["errorCode"] for row in client.rows(DIRECT)}
    changed = [id_ for id_, code in before.items() if after.get(id_, code) != code]
    assert changed
    assert pending >= len(changed)
    assert {(before[id_], after[id_]) for id_ in changed} == {(50074, 0)}


def test_a_restless_log_has_near_identical_events_and_a_calm_one_has_not() -> None:
    counts = [truth(_lived(0, restless=on, sign_ins=20_000))["counts"]["sign_ins_visible"] for on in (True, False)]
    assert 1.002 < counts[0] / counts[1] < 1.01


def test_a_free_tenant_keeps_seven_days_and_the_truth_knows_what_is_lost(make: Make) -> None:
    client = make(people=300, retention=7)
    times = [row["createdDateTime"] for row in client.rows("/auditLogs/signIns?$select=createdDateTime")]
    assert "2026-07-25T12:00:00" <= min(times) < "2026-07-25T14"
    lost = client.sandbox.truth()["lost"]
    assert lost["sign_ins"] == client.sandbox.truth()["counts"]["sign_ins_lost"] > 0
    assert lost["first"] < lost["last"] <= "2026-07-25T12:00:00"


def test_what_is_late_is_named_with_the_second_it_shows(make: Make) -> None:
    client = make("late=2h", people=1500, sign_ins=30_000)
    late = client.sandbox.truth()["late"]
    assert late
    assert client.ask(f"/auditLogs/signIns/{late[0]['id']}").status_code == 404
    client.sandbox.tenant.move(hours=2)
    client.renew()
    assert client.ask(f"/auditLogs/signIns/{late[0]['id']}").json()["userId"] == late[0]["object_id"]


def test_the_truth_of_a_past_moment_is_what_it_was_then() -> None:
    tenant = Tenant(Settings(people=400, now=NOW, frozen=True, churn=60))
    tenant.move(days=2)
    then, told = tenant.seconds, truth(tenant)
    tenant.move(days=5)
    assert truth(tenant) != told
    again = truth(tenant, then)
    assert again == told
    with pytest.raises(ValueError, match="known from"):
        truth(tenant, then + 30 * 86_400)


def _script(seed: int) -> tuple[str, dict[str, Any]]:
    faults = ("empty-page", "error-burst=503@0.2", "repeated-row", "hostile-link=twin@3")
    settings = Settings(people=60, days=10, seed=seed, now=NOW, frozen=True, churn=30, restless=True)
    with Sandbox(settings=settings, faults=faults) as sandbox:
        client = Client(sandbox)
        for _ in range(2):
            for path in ("/users?$top=20", "/auditLogs/signIns?$top=60", "/users/delta", "/nonsense"):
                link: Any = path
                for _page in range(4):
                    answer = client.ask(link)
                    link = answer.json().get("@odata.nextLink")
                    if not link or answer.status_code != 200:
                        break
            sandbox.tenant.move(days=1)
            client.renew()
        client.close()
        return ledger_hash(sandbox.ledger), sandbox.truth()


def test_each_seed_gives_equal_ledgers_and_truths_for_equal_scripts_and_no_two_are_alike() -> None:
    seeds = in_turn(range(50), 10)
    first = [_script(seed) for seed in seeds]
    assert first == [_script(seed) for seed in seeds]
    assert len({hash_ for hash_, _ in first}) == len(seeds)


def test_several_tenants_live_in_one_process(make: Make) -> None:
    settings = Settings(people=30, now=NOW, frozen=True)
    with Sandbox(settings=settings, more=More(tenants=3)) as sandbox:
        client = Client(sandbox)
        assert sandbox.more()["tenants"] == [tenant.tenant_id for tenant in sandbox.tenants]
        seen = []
        for tenant in sandbox.tenants:
            token = client.sign_in(tenant=tenant.tenant_id).json()["access_token"]
            client._token = token
            seen.append(client.ask("/organization").json()["value"][0]["id"])
        assert seen == sandbox.more()["tenants"]
        assert len(set(seen)) == 3
        assert len(sandbox.ledger) == 6
        client.close()
    with pytest.raises(ValueError, match="tenants"):
        Sandbox(settings=settings, more=More(tenants=0))


def _control(url: str, body: dict[str, Any] | None = None, **headers: str) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_the_control_endpoint_moves_time_switches_faults_and_tells_the_truth() -> None:
    with Sandbox(settings=Settings(people=60, now=NOW, frozen=True), more=More(control_port=0)) as sandbox:
        url = sandbox.control_url
        client = Client(sandbox)
        assert _control(f"{url}/now") == (200, {"now": NOW})
        assert _control(f"{url}/move", {"days": 1, "hours": 2}) == (200, {"now": "2026-08-02T14:00:00Z"})
        assert _control(f"{url}/now", {"now": "2026-08-03T00:00:00Z"})[1]["now"] == "2026-08-03T00:00:00Z"
        assert _control(f"{url}/truth") == (200, sandbox.truth())
        then = _control(f"{url}/truth?at=2026-08-02T00:00:00Z")[1]
        assert then["now"] == "2026-08-02T00:00:00Z"
        assert _control(f"{url}/faults", {"on": ["page-error=500@1"]})[1]["on"] == {"page-error": "500@1"}
        assert client.ask("/users").status_code == 500
        assert _control(f"{url}/faults", {"off": "all"})[1]["on"] == {}
        assert client.ask("/users").status_code == 200
        assert _control(f"{url}/ledger")[1] == sandbox.ledger
        assert _control(f"{url}/ledger/hash")[1]["sha256"] == ledger_hash(sandbox.ledger)
        client.close()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/nowhere", None, 404), ("/move", {"days": -1}, 400), ("/move", {}, 400), ("/move", {"days": "x"}, 400),
        ("/now", {"now": "soon"}, 400), ("/faults", {"on": ["nonsense"]}, 400), ("/faults", {"on": "x"}, 400),
        ("/truth?at=1999-01-01T00:00:00Z", None, 400), ("/truth?tenant=x", None, 404), ("/move", {"days": 1e300}, 400),
    ],
)  # fmt: skip
def test_the_control_endpoint_refuses_nonsense_with_a_sentence(path: str, body: Any, status: int) -> None:
    with Sandbox(settings=Settings(people=20, now=NOW, frozen=True), more=More(control_port=0)) as sandbox:
        found = _control(sandbox.control_url + path, body)
        assert (found[0], bool(found[1]["error"])) == (status, True)
        assert _control(f"{sandbox.control_url}/now", None, Origin="https://evil.example")[0] == 400
        assert _control(f"{sandbox.control_url}/now", None, Host="evil.example")[0] == 400
