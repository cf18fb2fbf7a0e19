"""Every fault of the catalogue: listed, switched by name, seen by a plain client."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from seatkeeper.cli.main import app
from seatkeeper.sandbox import faults
from seatkeeper.sandbox.faults import FAULTS, read_value
from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings
from tests.thorough import in_turn

from .client import NOW, Client
from .conftest import Make

pytestmark = pytest.mark.deep

CATALOGUE = [
    *(f"{letter}{n}" for letter, most in zip("ABCDL", (13, 23, 15, 15, 12), strict=True) for n in range(1, most + 1)),
    "E2", "E4", "E5", "E6", "E8", "F5", "F6", "F7",
]  # fmt: skip
USERS = "/users?$top=50"
LOG = "/auditLogs/signIns?$top=200"
DELTA = "/users/delta?$select=id,displayName,userPrincipalName,mail"
RETRIED = ("expired-page-token", "token-expires", "claims-challenge", "retry-after")
Pages = list[list[tuple[int, bytes]]]
LINKS = [f"hostile-link={variant}" for variant in FAULTS["hostile-link"].variants]


def test_every_id_of_the_catalogue_has_a_fault() -> None:
    assert {id_ for fault in FAULTS.values() for id_ in fault.ids} == set(CATALOGUE)
    assert all(fault.does and fault.client_must for fault in FAULTS.values())


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_takes_its_default_and_all_its_variants(name: str) -> None:
    fault = FAULTS[name]
    assert read_value(name, "") == fault.default
    for variant in fault.variants:
        assert read_value(name, variant).startswith(variant)
    if fault.where:
        first = f"{fault.variants[0]}@" if fault.variants else ""
        for place in ("all", "once", "3", "0.25"):
            assert read_value(name, first + place) == first + place


@pytest.mark.parametrize(
    "text", ["nan=zero", "reset=0", "reset=1.5", "hostile-link=twin@never", "flood=x", "late=on@2"]
)
def test_a_value_that_is_none_of_a_faults_is_refused(text: str) -> None:
    name, _, value = text.partition("=")
    with pytest.raises(ValueError, match=f"fault {name}"):
        read_value(name, value)


def test_a_fault_is_one_function_and_no_file_but_its_own_knows_its_name() -> None:
    for fault in FAULTS.values():
        assert sum(way is not None for way in (fault.change, fault.switch, fault.door)) == 1
    folder = Path(faults.__file__).parent
    words = {path: _texts(path) for path in folder.parent.rglob("*.py")}
    for name in set(FAULTS) - {"late"}:  # an ordinary word of the truth, too
        assert [path.parent for path in words if name in words[path]] == [folder], name


def _texts(path: Path) -> set[object]:
    return {node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)}


def test_the_docs_name_every_fault() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")
    assert [name for name in FAULTS if f"`{name}`" not in docs] == []


def test_the_command_lists_all_faults_as_a_table_and_as_json() -> None:
    table = CliRunner().invoke(app, ["sandbox", "faults"])
    rows = json.loads(CliRunner().invoke(app, ["sandbox", "faults", "--format", "json"]).output)
    assert [row["name"] for row in rows] == list(FAULTS)
    assert all(name in table.output for name in FAULTS)


def _read(client: Client, path: str, most: int = 8) -> list[tuple[int, bytes]]:
    """Status and body of pages, as a client without manners gets them; exceptions by name."""
    found: list[tuple[int, bytes]] = []
    link: Any = path
    while isinstance(link, str) and link and len(found) < most:
        try:
            if link.startswith("https:") and not link.startswith(client.sandbox.graph_url + "/"):
                found.append((-1, link.replace(client.sandbox.twin_url, "TWIN").encode()))
                break
            answer = client.ask(link)
            body = answer.content.replace(client.sandbox.graph_url.encode(), b"")
            found.append((answer.status_code, body.replace(client.sandbox.twin_url.encode(), b"TWIN")))
            link = json.loads(answer.content).get("@odata.nextLink")
        except (httpx2.HTTPError, ValueError, RecursionError, AttributeError) as error:
            found.append((0, type(error).__name__.encode()))
            break
    return found


def _script(client: Client) -> Pages:
    found = [_read(client, USERS), _read(client, LOG), _read(client, DELTA)]
    client.sandbox.tenant.move(days=1)
    client.renew()
    return [*found, _read(client, USERS, 2)]


# What only shows in time, at the door, on the login host, or in what is stored of days.
ELSEWHERE = {
    "no-consent", "secret-expired", "throttle", "late", "flood", "short-retention",
    "connect-refused", "connect-timeout", "slow-loris", "stall", "slow-token", "stale-keepalive",
    "sunset", "delta-gone", "delta-replay", "partial-delta", "foreign-metadata", "login-throttled",
    "certificate-refused", "gzip-bomb", "truncated-roster", "page-size",
    *(name for name, fault in FAULTS.items() if fault.on == "token"),
}  # fmt: skip


@pytest.fixture(scope="module")
def plain() -> Pages:
    """What a tenant of the same seed answers without any fault."""
    with Sandbox(settings=Settings(people=320, now=NOW, frozen=True)) as sandbox:
        client = Client(sandbox)
        answers = _script(client)
        client.close()
        return answers


@pytest.mark.parametrize("name", in_turn([name for name in FAULTS if name not in ELSEWHERE], 3))
def test_each_fault_spoils_something_and_does_so_again_with_the_same_seed(make: Make, plain: Pages, name: str) -> None:
    one, two = make(name, people=320), make(name, people=320)
    spoiled = _script(one)
    assert spoiled != plain
    if name not in {"reset", "cut-body", "retry-after"}:
        assert [[status for status, _ in pages] for pages in spoiled] == [
            [status for status, _ in pages] for pages in _script(two)
        ]


@pytest.mark.parametrize("fault", LINKS)
def test_a_hostile_link_is_not_of_our_origin(make: Make, fault: str) -> None:
    client = make(fault)
    link = client.ask("/users?$top=5").json()["@odata.nextLink"]
    assert not link.startswith(client.sandbox.graph_url + "/")


def test_what_reaches_the_twin_is_in_the_ledger_with_the_hash_of_its_token(make: Make) -> None:
    client = make("hostile-link=twin")
    link = client.ask("/users?$top=5").json()["@odata.nextLink"]
    assert client.ask(link).json() == {"value": []}
    last = client.sandbox.ledger[-1]
    assert (last["server"], last["origin"], bool(last["bearer"])) == ("twin", client.sandbox.twin_url, True)


@pytest.mark.parametrize(("page", "path"), [(1, USERS), (2, USERS), (1, LOG)])
def test_a_fault_of_a_page_hits_this_page_only(make: Make, page: int, path: str) -> None:
    client = make(f"page-error={page}", people=320)
    assert [status for status, _ in _read(client, path)] == [200] * (page - 1) + [503]


def test_what_hits_once_is_over_when_asked_again(make: Make) -> None:
    for name in RETRIED:
        client = make(name, people=320)
        bad = 1 if name in {"retry-after", "claims-challenge"} else 2
        link = USERS if bad == 1 else client.ask(USERS).json()["@odata.nextLink"]
        assert client.ask(link).status_code in {400, 401, 429}
        assert client.ask(link).status_code == 200


def test_a_share_of_one_half_hits_about_half_and_the_same_ones_again(make: Make) -> None:
    runs = [
        [c.ask("/users?$top=1").status_code for _ in range(60)]
        for c in (make("error-burst=503@0.5"), make("error-burst=503@0.5"))
    ]
    assert runs[0] == runs[1]
    assert 15 < runs[0].count(503) < 45


@pytest.mark.parametrize("variant", FAULTS["retry-after"].variants)
def test_retry_after_comes_in_every_kind(make: Make, variant: str) -> None:
    answer = make(f"retry-after={variant}").ask("/auditLogs/signIns")
    values = answer.headers.get_list("retry-after")
    assert answer.status_code == 429
    assert len(values) == {"absent": 0, "two": 2}.get(variant, 1)


@pytest.mark.parametrize("variant", FAULTS["bad-token-answer"].variants)
def test_a_bad_token_answer_is_bad(make: Make, variant: str) -> None:
    answer = make(f"bad-token-answer={variant}").sign_in()
    assert answer.status_code == 200
    if variant in {"html", "empty", "truncated"}:
        with pytest.raises(ValueError, match=r"."):
            answer.json()
    else:
        shape = answer.json()
        good = (3599, "Bearer", True)
        assert (shape.get("expires_in"), shape["token_type"], "access_token" in shape) != good


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("wrong-secret", 401, 7000215), ("certificate-refused=not-yet", 401, 700027), ("app-gone", 400, 700016),
        ("app-gone=disabled", 400, 7000112), ("app-gone=tenant", 400, 90002), ("login-throttled=503", 503, 90055),
    ],
)  # fmt: skip
def test_the_login_host_refuses_as_told(make: Make, fault: str, status: int, code: int) -> None:
    answer = make(fault).sign_in()
    assert (answer.status_code, answer.json()["error_codes"]) == (status, [code])


def test_the_login_host_may_lead_astray(make: Make) -> None:
    client = make("login-redirect", "foreign-metadata", "foreign-token")
    answer = client.sign_in()
    assert (answer.status_code, answer.headers["location"].startswith(client.sandbox.twin_url)) == (302, True)
    url = f"{client.sandbox.login_url}/{client.sandbox.tenant_id}/v2.0/.well-known/openid-configuration"
    assert client.http.get(url).json()["token_endpoint"].startswith(client.sandbox.twin_url)
    other = make("foreign-token=audience")
    assert other.ask("/users").status_code == 401


@pytest.mark.parametrize("variant", FAULTS["delta-gone"].variants)
def test_a_delta_link_may_be_gone_in_four_ways(make: Make, variant: str) -> None:
    client = make(f"delta-gone={variant}")
    link = client.ask(DELTA).json()["@odata.deltaLink"]
    answer = client.ask(link)
    assert answer.status_code == (410 if variant in {"gone", "foreign"} else 400)
    foreign = answer.headers.get("location", "").startswith(client.sandbox.twin_url)
    assert foreign == (variant == "foreign")


@pytest.mark.parametrize("name", ["delta-replay", "delta-replay=stale", "partial-delta"])
def test_a_second_round_of_delta_is_spoiled(make: Make, name: str) -> None:
    bodies = []
    for client in (make(name, people=300, churn=100), make(people=300, churn=100)):
        pages = list(client.pages(DELTA, Prefer="odata.maxpagesize=500"))
        client.sandbox.tenant.move(days=2)
        client.renew()
        bodies.append(client.ask(pages[-1]["@odata.deltaLink"], Prefer="odata.maxpagesize=500").json()["value"])
    assert bodies[0] != bodies[1]


@pytest.mark.parametrize(("size", "first"), [("1", 1), ("0", 0), ("999", 999), ("5000", 4995)])
def test_pages_have_any_size_and_everybody_is_on_them(make: Make, size: str, first: int) -> None:
    people = 30 if size in {"0", "1"} else 6000
    client = make(f"page-size={size}", people=people)
    pages = list(client.pages("/users?$top=100&$select=id"))
    assert len(pages[0]["value"]) == first
    assert len({row["id"] for page in pages for row in page["value"]}) == people


def test_the_end_of_an_api_is_announced(make: Make) -> None:
    headers = make("sunset").ask("/users").headers
    assert {"sunset", "deprecation"} <= set(headers)


@pytest.mark.parametrize(("hours", "status"), [(6, 200), (30, 429)])
def test_a_wide_window_is_throttled_for_ever(make: Make, hours: int, status: int) -> None:
    client = make("wide-window=24")
    begin = f"2026-07-{31 - hours // 24}T{12 - hours % 24 if hours < 24 else 6:02d}:00:00Z"
    path = f"/auditLogs/signIns?$filter=createdDateTime ge {begin} and createdDateTime le 2026-07-31T12:00:00Z"
    assert [client.ask(path).status_code for _ in range(3)] == [status] * 3


def test_a_flood_is_so_many_times_the_usual(make: Make) -> None:
    usual, flood = make(people=1000, days=3), make("flood=20", people=1000, days=3)
    counts = [c.sandbox.truth()["counts"]["sign_ins_visible"] for c in (usual, flood)]
    assert counts[1] > 8 * counts[0]


def test_a_fault_is_switched_off_and_what_it_did_undone(make: Make) -> None:
    client = make("no-premium", "concealed-names", "short-retention=1", people=40)
    tenant = client.sandbox.tenant
    tenant.switch_off()
    assert (tenant.premium, tenant.concealed, tenant.log.keeps) == (True, False, 30 * 86_400)
    tenant.switch_on("concealed-names")
    assert len(client.rows("/users")[0]["userPrincipalName"]) == 32
