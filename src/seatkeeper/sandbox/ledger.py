"""Records every request to the sandbox or its twin: when, where, what, and the hash of its token."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from seatkeeper.sandbox.world.clock import iso

LONGEST: Final = 4096  # characters of a query that are kept
_SECRETS: Final = (b"client_secret=", b"client_assertion=", b"code=", b"refresh_token=")


def entry(
    scope: Mapping[str, Any], headers: Mapping[str, str], body: bytes, now: int, status: int, *, twin: bool = False
) -> dict[str, Any]:
    """One request, without secrets: of the bearer token only the hash."""
    authorization = headers.get("authorization", "")
    secret = authorization.partition(" ")[2] if authorization.lower().startswith("bearer ") else ""
    return {
        "time": iso(now),
        "method": scope["method"],
        "host": headers.get("host", ""),
        "origin": f"{scope.get('scheme', 'https')}://{headers.get('host', '')}",
        "path": scope["path"],
        "query": scope["query_string"][:LONGEST].decode("latin-1"),
        "bearer": hashlib.sha256(secret.encode()).hexdigest() if secret else None,
        "status": status,
        "server": "twin" if twin else "sandbox",
        "credential": bool(authorization) or any(word in body for word in _SECRETS),
    }


def ledger_hash(entries: Iterable[Mapping[str, Any]]) -> str:
    """One hash over all entries, without hosts, because ports are chosen by the machine."""
    whole = hashlib.sha256()
    for one in entries:
        kept = {name: value for name, value in one.items() if name not in {"host", "origin"}}
        whole.update(json.dumps(kept, sort_keys=True).encode() + b"\n")
    return whole.hexdigest()
