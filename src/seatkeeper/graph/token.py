"""Access tokens: asked for by msal through our door, looked into for diagnosis, kept in memory only."""

from __future__ import annotations

import base64
import binascii
import re
import threading
import time
from typing import Final

import httpx2
import msal
import msgspec

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, BrokenAnswer, CredentialsRejected, Throttled, Unavailable
from seatkeeper.graph.clouds import Endpoints
from seatkeeper.graph.credentials import ClientCertificate, ClientSecret
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.messenger import Grant, Messenger
from seatkeeper.graph.retry import Again, Retry
from seatkeeper.graph.wire import NotTrusted
from seatkeeper.model import TICKS, Instant, Secret

__all__ = ["ClientCertificate", "ClientSecret", "Credential", "Token", "TokenSource"]

Credential = ClientSecret | ClientCertificate

_EARLY: Final = 300.0  # seconds before its end at which a token is replaced, as msal does
_TENANT: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOT_ONE_TENANT: Final = ("common", "organizations", "consumers")
_GRAPH_APP: Final = "00000003-0000-0000-c000-000000000000"  # Microsoft Graph's application id, another form of "aud"


class Token(msgspec.Struct, frozen=True):
    """An access token; `roles` is None when it could not be read, `expires` is a monotonic second."""

    value: Secret
    roles: frozenset[str] | None
    expires: float


class _Claims(msgspec.Struct):
    roles: list[str] = []
    tid: str | None = None
    aud: str | list[str] | None = None


class TokenSource:
    """The token of one application in one tenant; threads that ask at once share one request."""

    def __init__(
        self,
        tenant_id: str,
        credential: Credential,
        endpoints: Endpoints,
        egress: Egress,
        *,
        retry: Retry = Retry(),  # noqa: B008 - it is frozen
    ) -> None:
        if not _TENANT.fullmatch(tenant_id) or tenant_id.lower() in _NOT_ONE_TENANT:
            raise BadInput("Tenant ID", "must be the id (a GUID) or a domain name of one tenant")
        self._tenant_id = tenant_id
        self._credential = credential
        self._endpoints = endpoints
        self._egress = egress
        self._retry = retry
        self.server_time: Instant | None = None  # the sign-in server's, when it gave the token
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._replace_at = 0.0

    def token(self) -> Token:
        """The token in use, or a new one from 5 minutes before its end on. Raises what `renew` raises."""
        with self._lock:
            if self._token is None or time.monotonic() >= self._replace_at:
                self._renew(None)
            assert self._token is not None
            return self._token

    def renew(self, claims: str | None = None) -> Token:
        """A new token, never from a cache; `claims` is the JSON of a claims challenge.

        Raises CredentialsRejected, UntrustedLink, and after the tries are used up Unavailable, Throttled,
        BrokenAnswer.
        """
        with self._lock:
            return self._renew(claims)

    def _renew(self, claims: str | None) -> Token:
        self._token = None
        asked = time.monotonic()
        grant = self._retry.run(lambda: self._try(claims))
        self._token = Token(Secret(grant.access_token), self._to_roles(grant.access_token), asked + grant.seconds)
        self._replace_at = self._token.expires - min(_EARLY, grant.seconds / 2)
        return self._token

    def _try(self, claims: str | None) -> Grant:
        try:
            return self._ask(claims)
        except Throttled as error:
            raise Again(error, (error.until - system_clock()) / TICKS) from None
        except NotTrusted:
            raise
        except Unavailable as error:
            raise Again(error) from None

    def _ask(self, claims: str | None) -> Grant:
        # A new msal application for each token: msal remembers refusals for a minute, a corrected secret
        # would not
        # get through. Its constructor asks for the discovery document.
        messenger = Messenger(self._egress, self._endpoints)
        credential = self._credential
        try:
            application = msal.ConfidentialClientApplication(
                credential.client_id,
                client_credential=(
                    credential.secret.reveal() if isinstance(credential, ClientSecret) else credential.to_msal()
                ),
                authority=f"{self._endpoints.login_url}/{self._tenant_id}",
                instance_discovery=False,  # it would ask the public cloud about servers it does not have
                azure_region=False,  # else an environment variable could choose the server
                http_client=messenger,
            )
            application.acquire_token_for_client([self._endpoints.scope], claims_challenge=claims)
        except ValueError:  # msal's word for a discovery document it cannot use
            raise BrokenAnswer("Microsoft's sign-in service describes itself in a way we do not understand.") from None
        self.server_time = messenger.server_time
        if messenger.grant is None:
            raise BrokenAnswer("Microsoft's sign-in service gave no token.")
        return messenger.grant

    def _to_roles(self, text: str) -> frozenset[str] | None:
        """The permissions in the token, for diagnosis only: it is Microsoft's to verify, ours to carry.

        Raises CredentialsRejected for a token that is plainly meant for another tenant or another server.
        """
        claims = _to_claims(text)
        if claims is None:
            return None
        tenant = self._tenant_id.lower()
        if claims.tid and _GUID.fullmatch(tenant) and claims.tid.lower() != tenant:
            raise CredentialsRejected("Microsoft gave a token for another tenant. Check the Tenant ID.")
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if audiences and not self._to_audiences().intersection(name.rstrip("/") for name in audiences):
            raise CredentialsRejected(
                "Microsoft gave a token for another service. Check that the cloud is the tenant's."
            )
        return frozenset(claims.roles)

    def _to_audiences(self) -> set[str]:
        resource = httpx2.URL(self._endpoints.scope)
        named = f"{resource.scheme}://{resource.netloc.decode()}"
        return {named, self._endpoints.graph_url, "https://graph.microsoft.com", _GRAPH_APP}


def _to_claims(text: str) -> _Claims | None:
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(payload, type=_Claims)
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        return None
