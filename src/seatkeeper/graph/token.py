"""Access tokens: asked for by msal through our door, looked into for diagnosis, kept in memory only."""

from __future__ import annotations

import re
import threading
import time
from typing import Final

import httpx2
import msal
import msgspec

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, BrokenAnswer, CredentialsRejected, OtherTenant, Throttled, Unavailable
from seatkeeper.graph.clouds import SHARED_TENANTS, Endpoints
from seatkeeper.graph.credentials import ClientCertificate, ClientSecret
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.federated import FederatedToken
from seatkeeper.graph.jwt import read_claims
from seatkeeper.graph.managed_identity import ManagedIdentity
from seatkeeper.graph.messenger import Grant, Messenger
from seatkeeper.graph.retry import Again, Retry
from seatkeeper.graph.signed_in import SignedIn
from seatkeeper.model import TICKS, Instant, Secret
from seatkeeper.wire import NotTrusted

__all__ = [
    "ClientCertificate", "ClientSecret", "Credential", "FederatedToken", "ManagedIdentity", "SignedIn", "Token",
    "TokenSource",
]  # fmt: skip

Credential = ClientSecret | ClientCertificate | FederatedToken | ManagedIdentity | SignedIn

_EARLY: Final = 300.0  # seconds before its end at which a token is replaced, as msal does; it lives 60 to 90 minutes
_TENANT: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GRAPH_APP: Final = "00000003-0000-0000-c000-000000000000"  # Microsoft Graph's application id, another form of "aud"


class Token(msgspec.Struct, frozen=True):
    """An access token; `roles` are its permissions, None when it could not be read, `expires` is a monotonic second."""

    value: Secret
    roles: frozenset[str] | None
    expires: float


class _Claims(msgspec.Struct):
    # An application that was granted nothing gets a token, too, and without this claim (entra-docs, access-tokens).
    roles: list[str] = []
    scp: str = ""  # the permissions of a token that stands for a person
    tid: str | None = None
    aud: str | list[str] | None = None


class TokenSource:
    """The token of one application in one tenant; threads that ask at once share one request.

    `directory_id` is the tenant's GUID where it is known already: a domain may come to mean another tenant.
    """

    def __init__(
        self,
        tenant_id: str,
        credential: Credential,
        endpoints: Endpoints,
        egress: Egress,
        *,
        directory_id: str = "",
        retry: Retry = Retry(),  # noqa: B008 - it is frozen
    ) -> None:
        if not _TENANT.fullmatch(tenant_id) or tenant_id.lower() in SHARED_TENANTS:
            raise BadInput("tenant_id", "must be the id (a GUID) or a domain name of one tenant")
        self._tenant_id = tenant_id
        self._directory_id = directory_id or (tenant_id.lower() if _GUID.fullmatch(tenant_id.lower()) else "")
        self._credential = credential
        self.client_id = credential.client_id
        self.for_person = isinstance(credential, SignedIn)  # its permissions are delegated ones
        self._endpoints = endpoints
        self._egress = egress
        self._retry = retry
        self.server_time: Instant | None = None  # the sign-in server's, when it gave the token
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._replace_at = 0.0
        self._issuer = ""
        self._renewed: Secret | None = None
        self.told_directory_id = ""  # the tenant's GUID as the newest token itself tells it

    def token(self) -> Token:
        """The token in use, or a new one from 5 minutes before its end on. Raises what `renew` raises."""
        with self._lock:
            if self._token is None or time.monotonic() >= self._replace_at:
                self._renew(None)
            assert self._token is not None
            return self._token

    def directory_id(self) -> str:
        """The tenant's GUID, whatever name it was asked for by; empty when nobody says. Raises what `renew` raises."""
        self.token()
        return self._directory_id

    def renew(self, claims: str | None = None) -> Token:
        """A new token, never from a cache; `claims` is the JSON of a claims challenge.

        Raises CredentialsRejected, UntrustedLink, and after the tries are used up Unavailable, Throttled,
        BrokenAnswer.
        """
        with self._lock:
            return self._renew(claims)

    def renewed_sign_in(self) -> Secret | None:
        """What to sign a person in with from now on, once Microsoft has given something new; the old one stays good."""
        with self._lock:
            return self._renewed

    def _renew(self, claims: str | None) -> Token:
        self._token = None
        asked = time.monotonic()
        grant = self._retry.run(lambda: self._ask(claims))
        self._token = Token(Secret(grant.access_token), self._inspect(grant.access_token), asked + grant.seconds)
        self._replace_at = self._token.expires - min(_EARLY, grant.seconds / 2)
        return self._token

    def _ask(self, claims: str | None) -> Grant:
        # A new msal application for each token: msal remembers refusals for a minute, and a corrected secret would
        # not get through. Its constructor asks for the discovery document.
        messenger = Messenger(self._egress, self._endpoints)
        try:
            self._send(messenger, claims)
        except ValueError:  # what msal raises for a discovery document that it cannot use
            raise BrokenAnswer("Microsoft's sign-in service describes itself in a way we do not understand.") from None
        except Throttled as error:
            raise Again(error, (error.until - system_clock()) / TICKS) from None
        except NotTrusted:
            raise
        except Unavailable as error:
            raise Again(error) from None
        self.server_time = messenger.server_time
        self._issuer = messenger.issuer
        if messenger.grant is None:
            raise BrokenAnswer("Microsoft's sign-in service gave no token.")
        return messenger.grant

    def _send(self, messenger: Messenger, claims: str | None) -> None:
        credential, authority = self._credential, f"{self._endpoints.login_url}/{self._tenant_id}"
        if isinstance(credential, SignedIn):
            renewed = credential.renew(messenger, authority, self._endpoints.scope, claims)
            if renewed is not credential:
                self._credential, self._renewed = renewed, renewed.write()
            return
        application = msal.ConfidentialClientApplication(
            credential.client_id,
            client_credential=credential.to_msal(),  # read anew each time: a federated token is short-lived
            authority=authority,
            instance_discovery=False,  # it would ask the public cloud about servers it does not have
            azure_region=False,  # else an environment variable could choose the server
            http_client=messenger,
        )
        application.acquire_token_for_client([self._endpoints.scope], claims_challenge=claims)

    def _inspect(self, text: str) -> frozenset[str] | None:
        """The permissions in the token, for diagnosis only: it is Microsoft's to verify, ours to carry.

        Learns the tenant's GUID from the first token, or from who issues it. Raises CredentialsRejected for a token
        that is plainly meant for another tenant or another server.
        """
        claims = read_claims(text, _Claims)
        told = self.told_directory_id = claims.tid.lower() if claims and claims.tid else ""
        if told and self._directory_id and told != self._directory_id:
            raise OtherTenant(
                f"Microsoft gave a token for another tenant: {self._tenant_id} was tenant {self._directory_id}, and "
                f"now is {told[:60]}. Check the Tenant ID; another tenant is another application."
            )
        found = _GUID.search(self._issuer.lower())
        self._directory_id = self._directory_id or told or (found.group() if found else "")
        if claims is None:
            return None
        resource = httpx2.URL(self._endpoints.scope)
        named = f"{resource.scheme}://{resource.netloc.decode()}"
        ours = {named, self._endpoints.graph_url, "https://graph.microsoft.com", _GRAPH_APP}
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if audiences and not ours.intersection(name.rstrip("/") for name in audiences):
            raise CredentialsRejected(
                "Microsoft gave a token for another service. Check that the cloud is the tenant's."
            )
        return frozenset(claims.scp.split() if self.for_person else claims.roles)
