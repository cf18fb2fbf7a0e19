"""Checks the token of a request to Graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seatkeeper.sandbox.graph import refusals
from seatkeeper.sandbox.login import clouds, jwt
from seatkeeper.sandbox.world.tenant import Tenant

KEPT = 1000  # tokens whose signature need not be checked again


class Access:
    """Checks tokens for one tenant. `host` is the name the sandbox is known by."""

    def __init__(self, tenant: Tenant, host: str) -> None:
        self.tenant = tenant
        self.host = host
        self._claims: dict[str, dict[str, Any]] = {}

    def claims(self, headers: Mapping[str, str], base: str, now: int) -> dict[str, Any]:
        """The claims of a valid token; any other is refused in Microsoft's words."""
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise refusals.unauthorized("Access token is empty.")
        claims = self._read(text.strip())
        good = clouds.audiences(base.removeprefix("https://")) | {f"https://{self.host}"}
        if claims["aud"] not in good or claims["tid"] != self.tenant.tenant_id:
            raise refusals.unauthorized("Access token validation failure. Invalid audience.")
        if now >= claims["exp"]:
            raise refusals.unauthorized("Lifetime validation failed, the token is expired.")
        since = self.tenant.challenged
        able = self.tenant.challenge_everybody or "cp1" in claims.get("xms_cc", ())
        if since is not None and able and claims["nbf"] < since:
            raise refusals.insufficient_claims(since)
        return claims

    def _read(self, text: str) -> dict[str, Any]:
        claims = self._claims.get(text)
        if claims is None:
            claims = jwt.claims_of(text)
            if claims is None:
                raise refusals.unauthorized("CompactToken parsing failed with error code: 80049217")
            if len(self._claims) > KEPT:
                self._claims.clear()
            self._claims[text] = claims
        return claims
