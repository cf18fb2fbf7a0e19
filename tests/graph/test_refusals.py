"""Each of Microsoft's documented refusals means what it says, in words that tell what to do."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from seatkeeper.errors import (
    BrokenAnswer,
    CredentialsRejected,
    DeltaExpired,
    NotOffered,
    NotThere,
    NotUnderstood,
    PageTokenExpired,
    PermissionMissing,
    PremiumRequired,
    SeatkeeperError,
    Throttled,
    Unavailable,
)
from seatkeeper.graph.codes import load_codes, quote
from seatkeeper.graph.egress import Answer
from seatkeeper.graph.refusals import to_error, to_token_error

EXAMPLES = Path(__file__).parents[1] / "data" / "examples"
GRAPH = "https://graph.microsoft.com"
USERS, SIGNINS = "/v1.0/users?$select=id", "/v1.0/auditLogs/signIns?$top=1000"
USERS_LINK = f"{GRAPH}/v1.0/users?$skiptoken=x"
SIGNINS_LINK = f"{GRAPH}/v1.0/auditLogs/signIns?$skiptoken=x"
DELTA, DELTA_LINK = "/v1.0/users/delta?$select=id", f"{GRAPH}/v1.0/users/delta?$deltatoken=x"

# file → what was asked, our error, a word its message must hold
GRAPH_REFUSALS: dict[str, tuple[str, type[SeatkeeperError], str]] = {
    "error_400_delta_signInActivity": (DELTA, NotUnderstood, "report it"),
    "error_400_delta_too_old": (DELTA_LINK, DeltaExpired, "full list"),
    "error_400_signIns_invalid_filter": (SIGNINS, NotUnderstood, "BadRequest"),
    "error_400_signIns_skip_token": (SIGNINS_LINK, PageTokenExpired, "start"),
    "error_400_signIns_skip_token_expired": (SIGNINS_LINK, PageTokenExpired, "start"),
    "error_400_users_complex_query": (USERS, NotUnderstood, "Request_UnsupportedQuery"),
    "error_400_users_count_without_consistency": (USERS, NotUnderstood, "Request_BadRequest"),
    "error_400_users_expired_page_token": (USERS_LINK, PageTokenExpired, "start"),
    "error_400_users_page_size": (USERS, NotUnderstood, "Request_BadRequest"),
    "error_400_users_unsupported_query": (USERS, NotUnderstood, "Request_UnsupportedQuery"),
    "error_401_InvalidAuthenticationToken_empty": (USERS, CredentialsRejected, "authorize"),
    "error_401_InvalidAuthenticationToken_expired": (USERS, CredentialsRejected, "authorize"),
    "error_401_InvalidAuthenticationToken_malformed": (USERS, CredentialsRejected, "authorize"),
    "error_403_Authorization_RequestDenied_users": (USERS, PermissionMissing, "Directory.Read.All"),
    "error_403_signIns_missing_AuditLog": (SIGNINS, PermissionMissing, "AuditLog.Read.All"),
    "error_403_signIns_no_directory_read_legacy2018": (SIGNINS, PermissionMissing, "Directory.Read.All"),
    "error_403_signIns_no_premium": (SIGNINS, PremiumRequired, "P1 or P2"),
    "error_404_Request_ResourceNotFound": (USERS, NotThere, "Request_ResourceNotFound"),
    "error_410_delta_gone": (DELTA_LINK, DeltaExpired, "full list"),
    "error_429_TooManyRequests_generic": (USERS, Throttled, "later"),
    "error_429_signIns_UnknownError": (SIGNINS, Throttled, "later"),
    "error_429_signIns_UnknownError_short": (SIGNINS, Throttled, "later"),
    "error_501_NotImplemented_select": (USERS, NotUnderstood, "NotImplemented"),
    "error_503_ServiceUnavailable": (USERS, Unavailable, "later"),
    "error_504_GatewayTimeout": (SIGNINS, Unavailable, "later"),
}
TOKEN_REFUSALS: dict[str, tuple[type[SeatkeeperError], str]] = {
    "token_error_400_53003": (CredentialsRejected, "Conditional Access"),
    "token_error_400_700016": (CredentialsRejected, "Client ID"),
    "token_error_400_70011": (CredentialsRejected, "cloud"),
    "token_error_400_90002_discovery": (CredentialsRejected, "Tenant ID"),
    "token_error_400_90002_token": (CredentialsRejected, "Tenant ID"),
    "token_error_401_7000215": (CredentialsRejected, "not its Secret ID"),
    "token_error_401_7000222": (CredentialsRejected, "expired"),
    "token_error_401_700027": (CredentialsRejected, "Client Certificate"),
    "token_error_401_700213": (CredentialsRejected, "federated"),
}
NO_HEADERS = httpx2.Headers()


def to_status(name: str) -> int:
    return int(name.removeprefix("token_").split("_")[1])


def test_every_example_of_a_refusal_is_in_these_tables() -> None:
    found = {file.stem for file in EXAMPLES.glob("*error_*.json")} - {"error_index"}
    assert found == {*GRAPH_REFUSALS, *TOKEN_REFUSALS}


@pytest.mark.parametrize("name", GRAPH_REFUSALS)
def test_a_refusal_of_graph_means_what_it_says(name: str) -> None:
    asked, error, word = GRAPH_REFUSALS[name]
    body = (EXAMPLES / f"{name}.json").read_bytes()
    made = to_error(to_status(name), body, httpx2.Headers({"request-id": "3f6c0a52"}), asked=asked)
    assert type(made) is error
    assert word in str(made)
    assert "request-id=3f6c0a52" in made.detail
    message = json.loads(body)["error"]["message"]
    assert not message or message not in str(made) or f"Microsoft says: “{message}”" in str(made)
    assert not message or message not in made.detail


@pytest.mark.parametrize("name", TOKEN_REFUSALS)
def test_a_refusal_of_the_sign_in_server_means_what_it_says(name: str) -> None:
    error, word = TOKEN_REFUSALS[name]
    body = (EXAMPLES / f"{name}.json").read_bytes()
    made = to_token_error(Answer(to_status(name), NO_HEADERS, body, 0))
    assert type(made) is error
    assert word in str(made)
    assert "AADSTS" not in str(made)
    assert str(json.loads(body)["error_codes"][0]) in made.detail


def error(code: str, message: str = "") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "asked", "expected"),
    [
        (410, b"", DELTA_LINK, DeltaExpired),
        (410, b"", DELTA, DeltaExpired),
        (404, error("syncStateNotFound"), DELTA_LINK, DeltaExpired),
        (400, error("resyncRequired"), DELTA_LINK, DeltaExpired),
        (404, error("Request_ResourceNotFound"), DELTA_LINK, DeltaExpired),
        (400, error("Directory_ExpiredPageToken"), DELTA_LINK, PageTokenExpired),
        (400, error("", "Invalid Skip Token"), SIGNINS, NotUnderstood),  # we sent none
        (400, error("UnknownError", "Unsupported Query"), SIGNINS, Unavailable),
        (403, error("Authentication_ApplicationHasNoReadAuditLogDataAccess"), SIGNINS, PermissionMissing),
        (403, b"<html>", USERS, BrokenAnswer),
        (302, b"", USERS, BrokenAnswer),
        (407, b"<html>proxy</html>", USERS, BrokenAnswer),
        (418, error("Teapot"), USERS, BrokenAnswer),
        (500, b"<html>", USERS, Unavailable),
        (509, b"", USERS, Unavailable),
        (503, b"\xff\xfe", USERS, Unavailable),
        (429, b"", USERS, Throttled),
        (400, b'{"error": "text"}', USERS, BrokenAnswer),
        (400, b'{"error": {"code": 7}}', USERS, BrokenAnswer),
        (400, b'{"error": {"code": null, "message": null}}', USERS, NotUnderstood),
        (400, b"[" * 100_000, USERS, BrokenAnswer),
    ],
)
def test_refusals_beside_the_documented_ones(
    status: int, body: bytes, asked: str, expected: type[SeatkeeperError]
) -> None:
    assert type(to_error(status, body, NO_HEADERS, asked=asked)) is expected


def test_a_missing_permission_is_named_by_the_path_when_the_answer_does_not() -> None:
    for path, permission in [
        ("/v1.0/subscribedSkus", "Directory.Read.All"),
        ("/v1.0/auditLogs/signIns", "AuditLog.Read.All"),
        ("/v1.0/admin/reportSettings", "ReportSettings.Read.All"),
        ("/v1.0/organization", "Organization.Read.All"),
        ("/beta/copilot/reports/getMicrosoft365CopilotUsageUserDetail(period='D180')", "Reports.Read.All"),
    ]:
        made = to_error(403, error("Authorization_RequestDenied"), NO_HEADERS, asked=path)
        assert permission in str(made)
        assert "consent" in str(made)


def test_a_report_that_is_refused_by_its_own_code_is_a_missing_permission_too() -> None:
    asked = "/beta/copilot/reports/getMicrosoft365CopilotUsageUserDetail(period='D180')"
    made = to_error(403, error("S2SUnauthorized", "Invalid permission."), NO_HEADERS, asked=asked)
    assert type(made) is PermissionMissing
    assert "Reports.Read.All" in str(made)


def test_the_log_line_of_an_error_holds_nothing_that_could_forge_another() -> None:
    forged = httpx2.Headers([(b"request-id", b"a b\x1b[31m=x")])
    made = to_error(400, error("a\nlevel=info code=b\x1b[0m"), forged, asked=USERS)
    assert not set("\n\x1b[") & set(made.detail)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, b"", Throttled),
        (400, b'{"error":"x","error_codes":[90055]}', Throttled),
        (503, b"<html>", Unavailable),
        (400, b'{"error":"temporarily_unavailable"}', Unavailable),
        (302, b"", BrokenAnswer),
        (407, b"<html>", BrokenAnswer),
        (400, b"", BrokenAnswer),
        (401, b'{"error":"invalid_client"}', CredentialsRejected),
        (400, b'{"error":"new_word","error_codes":[1]}', CredentialsRejected),
        (400, b'{"error":"slow_down"}', Throttled),
        (401, b'{"error":"invalid_client","error_codes":["7000215"]}', BrokenAnswer),
    ],
)
def test_token_refusals_beside_the_documented_ones(status: int, body: bytes, expected: type[SeatkeeperError]) -> None:
    assert type(to_token_error(Answer(status, NO_HEADERS, body, 0))) is expected


@pytest.mark.parametrize(("number", "word"), [(7000216, "got no"), (70021, "federated"), (500011, "cloud")])
def test_the_number_chooses_the_words(number: int, word: str) -> None:
    body = json.dumps({"error": "invalid_client", "error_codes": [number]}).encode()
    assert word in str(to_token_error(Answer(401, NO_HEADERS, body, 0)))


@pytest.mark.parametrize("error", ["invalid_grant", "interaction_required"])
@pytest.mark.parametrize("numbers", [[], [70043]])
def test_whatever_ended_a_persons_sign_in_they_are_told_to_sign_in_again(error: str, numbers: list[int]) -> None:
    body = json.dumps({"error": error, "error_codes": numbers, "error_description": "It ended."}).encode()
    assert "It ended.” If the tenant is read with somebody's sign-in, sign in again." in str(
        to_token_error(Answer(400, NO_HEADERS, body, 0))
    )
    assert "sign in again" not in refuse(99999)


def refuse(number: int, text: str = "", error: str = "unauthorized_client") -> str:
    body = json.dumps({"error": error, "error_codes": [number], "error_description": text}).encode()
    return str(to_token_error(Answer(401, NO_HEADERS, body, 0)))


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (7000112, "is disabled in the tenant"),
        (7000229, "no enterprise application"),
        (500014, "Microsoft Graph is disabled"),
        (90002, "was deleted"),
        (700024, "clock"),
        (700211, "has the issuer"),
        (700212, "has the audience"),
    ],
)
def test_a_known_code_says_what_it_means_and_the_step_to_take(number: int, word: str) -> None:
    assert word in refuse(number)


@pytest.mark.parametrize("error", ["unauthorized_client", "invalid_client", "invalid_request", "new_error"])
def test_an_unknown_code_is_shown_as_unknown_with_microsofts_text_and_nothing_is_guessed(error: str) -> None:
    text = "AADSTS7999999: Something\r\n quite \x1b[31mnew. Trace ID: 5f0d Correlation ID: 77"
    said = refuse(7999999, text, error)
    assert "a code that we do not know" in said
    assert "Microsoft says: “AADSTS7999999: Something quite [31mnew.”" in said
    assert not any(guess in said for guess in ("Client ID is not", "refused the Client Secret", "Trace"))


def test_each_code_of_the_table_says_who_acts_and_where_it_is_documented() -> None:
    for code in load_codes().values():
        assert code.meaning.endswith(".")
        assert code.who
        assert code.step
        assert code.source.startswith("learn.microsoft.com/")


def test_a_long_text_of_microsofts_is_cut() -> None:
    assert len(quote("x" * 10_000)) == 301


def test_a_cloud_without_the_log_or_without_last_sign_ins_or_the_report_is_named_as_such() -> None:
    body = error("ResourceNotFound", "Resource not found for the segment 'signIns'.")
    report = "/beta/copilot/reports/getMicrosoft365CopilotUsageUserDetail(period='D180')"
    activity = "/v1.0/users?$select=id,signInActivity"
    log, beta = "/v1.0/auditLogs/signIns?$top=1", "/beta/auditLogs/signIns?$top=1"
    for status, asked in ((404, log), (400, beta), (400, activity), (400, report), (404, report)):
        made = to_error(status, body, NO_HEADERS, asked=asked)
        assert type(made) is NotOffered
        assert "This cloud does not offer it" in str(made)
