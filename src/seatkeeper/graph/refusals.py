"""What Microsoft's refusals mean: the one translation of its error answers into ours.

Status and code decide, never the text, which changes without notice. No body and no link enters an error;
`detail` carries status, code and request id, which is what Microsoft's support asks for.
"""

from __future__ import annotations

import re
from typing import Final

import httpx2
import msgspec

from seatkeeper.clock import seconds, system_clock
from seatkeeper.errors import (
    BrokenAnswer,
    CredentialsRejected,
    DeltaExpired,
    NotOffered,
    NotSignedInYet,
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
from seatkeeper.graph.throttle import to_wait

_PERMISSIONS: Final = (
    ("/auditlogs/", "AuditLog.Read.All"),
    ("/security/auditlog/", "AuditLogsQuery.Read.All"),
    ("/subscribedskus", "Directory.Read.All (or LicenseAssignment.Read.All)"),
    ("/organization", "Directory.Read.All (or Organization.Read.All)"),
    ("/admin/reportsettings", "ReportSettings.Read.All"),
    ("/reports/", "Reports.Read.All"),
    ("/users", "Directory.Read.All (or User.Read.All)"),
)
# Codes of the sign-in log that name what is missing; the newer ones name it in their text only.
_NAMED_BY_CODE: Final = {
    "Authentication_ApplicationHasNoDirectoryReadAccess": "Directory.Read.All",
    "Authentication_ApplicationHasNoReadAuditLogDataAccess": "AuditLog.Read.All",
}
_NO_PREMIUM: Final = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
_NO_ROLE: Final = "Authentication_RequestFromUnsupportedUserRole"
_DENIED: Final = ("Authorization_", "Authentication_", "Forbidden", "AccessDenied", "accessDenied", "S2SUnauthorized")
_PERMISSION: Final = re.compile(r"\b[A-Z][A-Za-z]+\.(?:Read|ReadBasic|ReadWrite)(?:\.[A-Z][A-Za-z]+)*\b")
_RESYNC: Final = ("syncStateNotFound", "syncStateInvalid", "resyncRequired")
DEFAULT_WAIT: Final = 10.0  # seconds: the window of Microsoft's limits, when a 429 does not say how long


class _Error(msgspec.Struct):
    code: str | None = ""
    message: str | None = ""


class _Envelope(msgspec.Struct):
    error: _Error


_decode_error = msgspec.json.Decoder(_Envelope).decode


def to_error(
    status: int, body: bytes, headers: httpx2.Headers, *, asked: str, for_person: bool = False
) -> SeatkeeperError:
    """The error that a Graph answer other than 200 stands for; `asked` is the path or link that was sent.

    `for_person` is whether somebody has signed in themselves.
    """
    try:
        error = _decode_error(body).error
        code, message = error.code or "", error.message or ""
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        code, message = "?", ""  # HTML, empty, or cut off: no code, which is not the empty code
    detail = to_detail(status, code, headers)
    if status == 401:
        return CredentialsRejected(
            "Microsoft does not accept our token. Check that the application still exists in the tenant and "
            "authorize the connection again.",
            detail=detail,
        )
    if status == 403:
        return _to_denial(code, message, asked, detail, for_person=for_person)
    if status == 429:
        return to_throttled(headers, detail)
    if status in (400, 404, 410):
        return _to_expiry(status, code, message, asked, detail)
    if 300 <= status < 400:
        return BrokenAnswer("Microsoft's address answered with a redirect, which we never follow.", detail=detail)
    if status >= 500 and status != 501:
        return Unavailable("Microsoft's servers have trouble at the moment. We try again later.", detail=detail)
    return _to_unexpected(detail, status, code)


def to_detail(status: int, code: str, headers: httpx2.Headers) -> str:
    """What the log and the support need, in characters that cannot break a log line."""
    known = {"status": str(status), "code": code, "request-id": headers.get("request-id", "")}
    return " ".join(f"{name}={re.sub(r'[^A-Za-z0-9_.-]', '', text)[:80]}" for name, text in known.items())


def _to_denial(code: str, message: str, asked: str, detail: str, *, for_person: bool) -> SeatkeeperError:
    if code == _NO_PREMIUM:
        return PremiumRequired(
            "Microsoft gives sign-ins only to tenants with Entra ID P1 or P2. Buy or assign one such "
            "licence in the tenant; the roster works without it.",
            detail=detail,
        )
    if code == _NO_ROLE:
        return PermissionMissing(str(load_codes()[code]), detail=detail)
    if not code.startswith(_DENIED):
        return _to_unexpected(detail, text=message)
    named = _PERMISSION.search(message)
    path = httpx2.URL(asked).path.lower()
    guess = next((permission for part, permission in _PERMISSIONS if part in path), "for this data")
    missing = _NAMED_BY_CODE.get(code) or (named.group() if named else guess)
    if for_person:
        return PermissionMissing(
            f"Whoever signed in may not read this: they have no role that allows it, such as Reports Reader or Global "
            f"Reader, or have not agreed to the permission {missing}. Sign in again as somebody with that role.",
            detail=detail,
        )
    return PermissionMissing(
        f"The application may not read this: the permission {missing} is missing. In Entra, under App "
        "registrations, API permissions, add it as an application permission (not delegated) and grant "
        "admin consent. A new consent can take some minutes.",
        detail=detail,
    )


def _to_expiry(status: int, code: str, message: str, asked: str, detail: str) -> SeatkeeperError:
    """400, 404 and 410: often not our mistake but a page or delta token that has grown too old."""
    ours = asked.startswith("/")  # our own question holds no token that could be too old
    path = httpx2.URL(asked).path.lower().removesuffix("()")
    if code == "Directory_ExpiredPageToken":
        return PageTokenExpired("The list has to be read from its start again.", detail=detail)
    if code in _RESYNC or (path.endswith("/delta") and (status == 410 or not ours)):
        # Documented is 410, and 40x codes besides (Graph docs, concepts/delta-query-overview); a delta link that is
        # too old was seen as a plain 400: "DeltaLink older than 30 days is not supported."
        return DeltaExpired("The changes have to be read as a full list again.", detail=detail)
    if status == 400 and code == "" and not ours and "/auditlogs/" in path and "token" in message.lower():
        # The one place where text decides: this endpoint sends an empty code for its expired page tokens, "Token not
        # found: token is either invalid or expired" and "Invalid Skip Token" among others.
        return PageTokenExpired("The list has to be read from its start again.", detail=detail)
    if status == 400 and code == "UnknownError":  # "Unsupported Query", which passes when it is asked again
        return Unavailable("Microsoft could not answer this time. We try again later.", detail=detail)
    unknown = status == 404 or "not found for the segment" in message
    no_log = unknown and path.endswith(("/auditlogs/signins", "/auditlog/queries"))
    if ours and code != "?" and (no_log or "signInActivity" in asked or "/reports/" in path):
        return NotOffered(
            "This cloud does not offer it: some have no log of sign-ins, do not tell when an account was last used, do "
            "not give out this report of use, or do not let the audit log be searched. "
            f"Switch the task off for this application. Microsoft says: “{quote(message)}”",
            detail=detail,
        )
    return _to_unexpected(detail, status, code, message)


def _to_unexpected(detail: str, status: int = 0, code: str = "?", text: str = "") -> BrokenAnswer:
    kind: type[BrokenAnswer] = NotUnderstood if status in (400, 501) and code != "?" else BrokenAnswer
    if status == 404 and code != "?":
        kind = NotThere  # Microsoft says so itself, whatever the code; a 404 without a code may be a proxy's
    told = f" Microsoft says: “{quote(text)}”" if text and code not in load_codes() else ""
    return kind(
        f"Microsoft refused the request in a way we do not know ({detail}). If it stays so, report it with "
        f"these words.{told}",
        detail=detail,
    )


def to_throttled(headers: httpx2.Headers, detail: str) -> Throttled:
    """Told to wait: until when, by Retry-After."""
    now = system_clock()
    wait = to_wait(headers, now)
    until = now + seconds(min(DEFAULT_WAIT if wait is None else wait, 30 * 86_400.0))
    return Throttled("Microsoft asks us to come back later: too many requests.", until=until, detail=detail)


def to_intermediary(status: int, headers: httpx2.Headers) -> BrokenAnswer:
    """A success that is not JSON: it cannot be Microsoft's."""
    return BrokenAnswer(
        "Something between us and Microsoft answered in its place: a proxy, a firewall or the sign-in page "
        "of a network. Let this machine reach Microsoft directly.",
        detail=to_detail(status, "", headers),
    )


def is_json(headers: httpx2.Headers) -> bool:
    """True when the answer calls itself JSON."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


# What the sign-in server's refusals are called when they come without a number.
_BY_ERROR: Final = {
    "access_denied": "AADSTS65004",
    "invalid_client": "Microsoft refused the Client Secret or Client Certificate. Check it and authorize again.",
    "invalid_tenant": "AADSTS90002",
    "invalid_scope": "AADSTS70011",
    "invalid_resource": "AADSTS500011",
}
# A grant of a person's that is good no more, whatever the number (RFC 6749, section 5.2, and Microsoft's own).
_ENDED: Final = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
# Which status this one comes with is not documented, so here the number must decide.
_TENANT_THROTTLED: Final = 90055


class _TokenError(msgspec.Struct):
    error: str
    error_codes: list[int] = []
    error_description: str = ""


_decode_token_error = msgspec.json.Decoder(_TokenError).decode


def to_token_error(answer: Answer) -> SeatkeeperError:
    """The error that an answer of the sign-in server other than a token stands for."""
    try:
        said = _decode_token_error(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        said = _TokenError("")
    number = said.error_codes[0] if said.error_codes else 0
    detail = to_detail(answer.status, f"{said.error}.{number}", answer.headers)
    if answer.status == 429 or number == _TENANT_THROTTLED or said.error == "slow_down":
        return to_throttled(answer.headers, detail)
    if answer.status >= 500 or said.error == "temporarily_unavailable":
        return Unavailable("Microsoft's sign-in service has trouble. We try again later.", detail=detail)
    if 300 <= answer.status < 400:
        return BrokenAnswer(
            "Microsoft's sign-in address answered with a redirect, which we never follow.", detail=detail
        )
    if not said.error:
        return to_intermediary(answer.status, answer.headers)
    if said.error == "authorization_pending":
        return NotSignedInYet("Nobody has signed in with the code so far.", detail=detail)
    return CredentialsRejected(_to_words(said, number, detail), detail=detail)


def to_answered(error: str, description: str) -> CredentialsRejected:
    """The refusal that the browser of somebody who signs in has carried back; anybody may have made up its words."""
    named = re.match(r"AADSTS([0-9]{1,9})\b", description)
    number = int(named[1]) if named else 0
    said = _TokenError(error, [number] if number else [], description)
    return CredentialsRejected(_to_words(said, number, to_detail(0, f"{error}.{number}", httpx2.Headers())))


def _to_words(said: _TokenError, number: int, detail: str) -> str:
    codes = load_codes()
    if known := codes.get(f"AADSTS{number}"):
        return str(known)
    if not number and (words := _BY_ERROR.get(said.error)):
        return str(codes.get(words, words))
    text = quote(said.error_description)
    told = f"Microsoft says: “{text}”" if text else "Microsoft says no more."
    again = " If the tenant is read with somebody's sign-in, sign in again." if said.error in _ENDED else ""
    return f"Microsoft refused to sign the application in with a code that we do not know ({detail}). {told}{again}"
