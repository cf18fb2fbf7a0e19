"""Graph's errors, each with the status, code and words of Microsoft's documentation or of public threads."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

import msgspec

_LOOSE: Final = re.compile(r"[^\x20-\x7e]")


class Refusal(Exception):
    """An answer that is an error. `code` may be empty, as it is at Microsoft for page tokens of the log."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})


def body(refusal: Refusal, date: str, request_id: str, client_request_id: str) -> bytes:
    """Graph's error envelope; `date` has no zone, as at Microsoft."""
    inner: dict[str, Any] = {"date": date, "request-id": request_id, "client-request-id": client_request_id}
    if refusal.code == "TooManyRequests":
        inner = {
            "code": "429",
            "date": date,
            "message": "Please retry after",
            "request-id": request_id,
            "status": "429",
        }
    return msgspec.json.encode({"error": {"code": refusal.code, "message": refusal.message, "innerError": inner}})


def shown(text: str) -> str:
    """A piece of the request, short and printable, to be named in a message."""
    return _LOOSE.sub("?", text[:100])


def unauthorized(message: str) -> Refusal:
    """401: no token, or one that is not good."""
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        'client_id="00000003-0000-0000-c000-000000000000"'
    )
    return Refusal(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})


def insufficient_claims(since: int) -> Refusal:
    """401: the token was good but access has been evaluated anew; the claims to ask for a new one come in base64."""
    claims = f'{{"access_token":{{"nbf":{{"essential":true, "value":"{since}"}}}}}}'
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        f'error="insufficient_claims", claims="{b64encode(claims.encode()).decode()}"'
    )
    message = (
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
        "TokenIssuedBeforeRevocationTimestamp"
    )
    return Refusal(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})


def denied() -> Refusal:
    """403: the token's roles do not reach this endpoint of the directory."""
    return Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def audit_log_missing() -> Refusal:
    """403: the sign-in log without its permission."""
    message = "Calling principal does not have required MSGraph permissions AuditLog.Read.All"
    return Refusal(403, "Authentication_MSGraphPermissionMissing", message)


def no_role() -> Refusal:
    """403: the person who signed in has no role that reads the logs and reports."""
    return Refusal(403, "Authentication_RequestFromUnsupportedUserRole", "User is not in the allowed roles")


def not_premium() -> Refusal:
    """403: the sign-in log of a tenant without Entra ID P1."""
    message = "Neither tenant is B2C or tenant doesn't have premium license"
    return Refusal(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", message)


def not_found(name: str) -> Refusal:
    """404 for an object."""
    message = (
        f"Resource '{shown(name)}' does not exist or one of its queried reference-property objects are not present."
    )
    return Refusal(404, "Request_ResourceNotFound", message)


def too_many_clauses(number: int, most: int) -> Refusal:
    """400 for a filter with more expressions than the directory takes."""
    message = (
        "Too many child clauses specified in search filter expression containing 'OR' operators: "
        f"{number}. Max allowed: {most}."
    )
    return Refusal(400, "Request_UnsupportedQuery", message)


def bad_identifier(value: str) -> Refusal:
    """400 for an id that is none."""
    return Refusal(400, "Request_BadRequest", f"Invalid object identifier '{shown(value)}'.")


def no_directory_read() -> Refusal:
    """403: the sign-in log as it asked for a second permission until about 2024."""
    message = "Failed to do premium license check from ADGraph"
    return Refusal(403, "Authentication_ApplicationHasNoDirectoryReadAccess", message)


def no_segment(name: str) -> Refusal:
    """400 for an address that is no endpoint."""
    return Refusal(400, "BadRequest", f"Resource not found for the segment '{shown(name)}'.")


def page_size(value: str) -> Refusal:
    """400 for $top outside 1 … 999."""
    message = f"Invalid page size specified: '{shown(value)}'. Must be between 1 and 999 inclusive."
    return Refusal(400, "Request_BadRequest", message)


def bad_top(value: str) -> Refusal:
    """400 for a $top that is no number."""
    message = (
        f"Invalid value '{shown(value)}' for $top query option found. "
        "The $top query option requires a non-negative integer value."
    )
    return Refusal(400, "BadRequest", message)


def expired_page() -> Refusal:
    """400 for a page token of the directory that is too old, altered or of another query."""
    message = "The specified page token value has expired and can no longer be included in your request."
    return Refusal(400, "Directory_ExpiredPageToken", message)


def skip_token(message: str) -> Refusal:
    """400 for a page token of the sign-in log; its code is empty."""
    return Refusal(400, "", message)


def invalid_clause() -> Refusal:
    """400 for a filter the sign-in log cannot read."""
    return Refusal(400, "BadRequest", "Invalid filter clause")


def unknown_property(name: str, kind: str) -> Refusal:
    """400 for a selected property that does not exist."""
    message = (
        f"Parsing OData Select and Expand failed: Could not find a property named '{shown(name)}' "
        f"on type 'microsoft.graph.{kind}'."
    )
    return Refusal(400, "BadRequest", message)


def not_implemented() -> Refusal:
    """501 for properties that exist and cannot be selected on a collection."""
    return Refusal(501, "NotImplemented", "This operation target is not yet supported.")


def needs_consistency(operator: str) -> Refusal:
    """400 for what only advanced queries can do."""
    message = (
        f"Operator '{shown(operator)}' is not supported because the required parameters might be missing. Try adding "
        "$count=true query parameter and ConsistencyLevel:eventual header. Refer to "
        "https://aka.ms/graph-docs/advanced-queries for more information"
    )
    return Refusal(400, "Request_UnsupportedQuery", message)


def complex_query(name: str) -> Refusal:
    """400 for any() together with anything else."""
    message = f"Complex query on property {shown(name)} is not supported."
    return Refusal(400, "Request_UnsupportedQuery", message)


def unsupported_clause(name: str) -> Refusal:
    """400 for a property of the directory that cannot be filtered so."""
    message = f"Unsupported or invalid query filter clause specified for property '{shown(name)}' of resource 'User'."
    return Refusal(400, "Request_UnsupportedQuery", message)


def unsupported(message: str) -> Refusal:
    """400 for a query option this endpoint does not serve."""
    return Refusal(400, "Request_UnsupportedQuery", message)


def bad_request(message: str) -> Refusal:
    """400 for everything Graph's front door cannot read."""
    return Refusal(400, "BadRequest", message)


def delta_gone(location: str) -> Refusal:
    """410: the directory no longer knows what changed since; the answer names where to begin anew."""
    return Refusal(410, "syncStateNotFound", "The sync state generation is not found.", {"Location": location})


def throttled(seconds: int, correlation_id: str) -> Refusal:
    """429 as the sign-in log says it, in one of two wordings: about one in four is the short one."""
    message = (
        "This request is throttled. Please try again after the value (in seconds) specified in the Retry-After "
        f"header. CorrelationId: {correlation_id}"
    )
    if correlation_id[-1] in "048c":
        message = "Too Many Requests"
    return Refusal(429, "UnknownError", message, {"Retry-After": str(seconds)})


def unavailable() -> Refusal:
    """503."""
    return Refusal(503, "ServiceUnavailable", "The service is temporarily unavailable.")
