"""What the form makes of a credential: a secret with its end, or a certificate that tells its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from seatkeeper.clock import days, system_clock
from seatkeeper.connectors.reach import DELEGATED, FEDERATED, SIGN_IN, ConnectionDetails
from seatkeeper.errors import BadInput
from seatkeeper.graph.token import ClientCertificate, SignedIn
from seatkeeper.model import Instant, Secret, to_instant, to_text

GIVEN: Final = "given"
CREDENTIALS: Final = {
    GIVEN: "The secret or certificate given here",
    FEDERATED: "This server's own identity (federated)",
}

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST: Final = days(36_525)  # a hundred years: Entra offers two, and certificates of its own last longer


def to_credential(
    given: Mapping[str, str], client_id: str, before: ConnectionDetails | None, *, moved: bool
) -> tuple[str, Secret | None, Instant | None]:
    """Its kind, the credential itself unless the stored one stays, and when it expires if known. Raises BadInput.

    `moved` is whether anything differs of where and as whom the connection signs in.
    """
    secret, certificate = given.get("client_secret"), given.get("client_certificate")
    password = _without_line_end(given.get("client_certificate_password", ""))
    if given.get(SIGN_IN) is not None:
        if secret is not None or certificate is not None or password or given.get("credential", "") not in ("", GIVEN):
            raise BadInput(SIGN_IN, "it takes the place of any other credential. Give one of them.")
        return DELEGATED, SignedIn.read(client_id, Secret(given[SIGN_IN])).write(), None
    if given.get("credential") == FEDERATED:
        if secret is not None or certificate is not None or password:
            told = f"choose {CREDENTIALS[GIVEN]!r}, or leave secret and certificate empty."
            raise BadInput("credential", told)
        return FEDERATED, Secret("") if moved else None, None
    if given.get("credential", "") not in ("", GIVEN):
        raise BadInput("credential", f"must be one of {', '.join(CREDENTIALS)}.")
    kept, ends = before and before.credential_kind, given.get("client_secret_expires", "").strip()
    shown = show_end(before) if before else ""
    if secret is not None and certificate is not None:
        raise BadInput("client_secret", "give either a client secret or a certificate, and not both.")
    if ends and ends != shown and (certificate is not None or (secret is None and kept not in (None, "secret"))):
        raise BadInput("client_secret_expires", "only a client secret has an end to be given. Leave this empty.")
    if certificate is not None:
        opened = ClientCertificate(client_id, Secret(certificate), Secret(password) if password else None).check()
        return "certificate", opened.pem, opened.ends
    if password:
        raise BadInput("client_certificate_password", "give the certificate's file with it; it is not kept.")
    if secret is not None:
        return "secret", check_secret(secret), check_end(ends)
    if before is not None and kept == DELEGATED and client_id != before.client_id:
        raise BadInput("client_id", "somebody has signed in to the other one. Sign in again for this one.")
    if before is None or (kept == FEDERATED and "credential" in given):
        raise BadInput("client_secret", "give a client secret or a certificate.")
    changes = kept == "secret" and "client_secret_expires" in given and ends != shown
    return before.credential_kind, None, check_end(ends) if changes else before.expires


def show_end(details: ConnectionDetails) -> str:
    """The day on which a stored secret ends, as the form takes it; empty where nobody has said."""
    told = details.credential_kind == "secret" and details.expires is not None
    return to_text(details.expires or 0)[:10] if told else ""


def check_end(text: str) -> Instant | None:
    """The beginning of the day on which a secret ends; None where nobody says."""
    if not text:
        return None
    try:
        is_day = bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        is_day = False
    if not is_day:
        told = f"{text[:40]!r} is not a day such as 2027-08-01, from the column Expires."
        raise BadInput("client_secret_expires", told)
    ends = to_instant(f"{text}T00:00:00Z")
    if ends <= system_clock():
        raise BadInput("client_secret_expires", f"{text} is not in the future. Make a new secret, and give its end.")
    if ends > system_clock() + _LONGEST:
        raise BadInput("client_secret_expires", f"{text} is more than a hundred years ahead. Leave it empty for never.")
    return ends


def check_secret(text: str) -> Secret:
    """A client secret's value."""
    secret = _without_line_end(text)
    if not secret:
        raise BadInput("client_secret", "it is empty. Paste the Value column of Certificates & secrets.")
    if any(character.isspace() or not character.isprintable() for character in secret):
        raise BadInput(
            "client_secret",
            "it holds a space, a line break or an invisible character, which no secret of Microsoft's does. "
            "Copy the Value column of Certificates & secrets again.",
        )
    if is_guid(secret):
        raise BadInput(
            "client_secret",
            "this is a bare GUID, which is the secret's ID. Paste the Value column of Certificates & secrets "
            "instead; it is shown only once, right after the secret was made.",
        )
    return Secret(secret)


def is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _without_line_end(text: str) -> str:
    """One line break at the end of a file is no part of a secret."""
    return text.removesuffix("\n").removesuffix("\r")
