"""The managed identity that Azure gives this server: a token of it stands in for the secret of an application.

The token comes over plain http from Azure's metadata service (IMDS), or from the endpoint that App Service and
Container Apps name in IDENTITY_ENDPOINT. The door to Microsoft knows neither, so what is sent to them is sent here, and
reaches nothing but this machine and its own network link. msal knows which of them to ask, and how.

Sources: entra-docs, managed-identities-azure-resources/how-to-use-vm-token.md (statuses that are worth another try);
azure-docs, app-service/overview-managed-identity.md; the words of a refusal are from the tests of msal for .NET.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final

import httpcore2
import httpx2
import msal
import msgspec

from seatkeeper.errors import CredentialsRejected, Unavailable
from seatkeeper.graph.federated import TOKEN
from seatkeeper.wire import TimedBackend, TooSlow, Watch

SYSTEM: Final = "system"  # the identity that belongs to the machine; any other is named by its client id

_SECONDS: Final = 5.0  # for one answer, which comes from this machine or its host
_LARGEST: Final = 64 * 1024  # bytes; an answer has 2 to 4 kB
_PASSING: Final = (410, 429, *range(500, 600))  # it is being updated or asked too often; so is a 404 that is JSON
_BROKEN: Final = (httpcore2.NetworkError, httpcore2.ProtocolError)
_CODE: Final = re.compile(r"[A-Za-z0-9_]{1,60}")
_TOKENS: Final = msal.TokenCache()  # Azure gives out the same token for hours, and limits how often it is asked


class ManagedIdentity(msgspec.Struct, frozen=True):
    """`identity` is SYSTEM or the client id of a user-assigned one; `audience` is what the cloud asks for."""

    client_id: str
    identity: str
    audience: str

    def to_msal(self) -> dict[str, Callable[[], str]]:
        """The form that msal sends; it is sent to the sign-in server alone. Raises as `read` does."""
        text = self.read()  # before anything is asked
        return {"client_assertion": lambda: text}

    def read(self) -> str:
        """A token of it. Raises CredentialsRejected where Azure gives none, Unavailable where it may a little later."""
        if self.identity == SYSTEM:
            chosen = msal.SystemAssignedManagedIdentity()
        else:
            chosen = msal.UserAssignedManagedIdentity(client_id=self.identity)
        client = msal.ManagedIdentityClient(chosen, http_client=_Sender(), token_cache=_TOKENS)
        try:
            return str(client.acquire_token_for_client(resource=self.audience)["access_token"])
        except (ValueError, KeyError):  # a kind of machine that wants more than an address, or a life that is no number
            raise _rejected("is given in a way that is not supported: use a virtual machine or App Service") from None


class _Reply(msgspec.Struct, frozen=True):
    """The answer in the shape msal expects."""

    status_code: int
    headers: dict[str, str]
    text: str


class _Answer(msgspec.Struct):
    access_token: str = ""
    error: str = ""
    error_description: str = ""
    message: str = ""  # what App Service has in place of these two


class _Sender:
    """msal's `http_client` for one token: no proxy, no redirect, and nothing that is farther than this machine's host.

    Every answer is checked here, as msal logs the text of one that it cannot read, and such a text may hold a token.
    """

    def get(self, url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> _Reply:
        """An answer that holds a token. Raises CredentialsRejected and Unavailable."""
        target = httpx2.URL(url).copy_merge_params(dict(params))
        if target.scheme != "http" or target.userinfo or not _is_near(target.host):
            raise _rejected("is to be asked for at an address that is not this machine's own")
        status, body = _ask(target, headers)
        later = Unavailable("Azure gives no token of this server's managed identity now.", detail=f"status={status}")
        if status in _PASSING:
            raise later
        try:
            answer = msgspec.json.decode(body, type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise _rejected("cannot be asked for: something other than Azure answers there") from None
        if status == 404:
            raise later
        if status == 200 and TOKEN.fullmatch(answer.access_token):
            return _Reply(status, {}, body.decode())
        told = f"{answer.error_description} {answer.message}".lower()
        if status == 400 and "identity" in told and "found" in told:
            raise _rejected("is not assigned: turn it on in Azure under Identity, or name one that is assigned there")
        code = f", {answer.error}" if _CODE.fullmatch(answer.error) else ""
        raise _rejected(f"was refused by Azure (status {status}{code})")

    def post(self, *_: object, **__: object) -> _Reply:
        """Managed identities are asked for with GET alone."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is kept open."""


def _ask(url: httpx2.URL, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Status and body of one answer. Raises CredentialsRejected when nobody is there, Unavailable for a broken one."""
    watch = Watch()
    watch.start(_SECONDS)
    fields = {"Host": url.netloc.decode(), "Accept": "application/json", **headers}
    request = httpcore2.Request(
        "GET",
        httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=[(name.encode(), value.encode()) for name, value in fields.items()],
    )
    with httpcore2.ConnectionPool(network_backend=TimedBackend(watch)) as pool:
        try:
            response = pool.handle_request(request)
            body = b""
            for piece in response.iter_stream():
                body += piece
                if len(body) > _LARGEST:
                    raise _rejected("cannot be asked for: something other than Azure answers there")
        except TooSlow:
            raise
        except Unavailable:  # by its backend, before anything was sent
            raise _rejected(
                "cannot be asked for: nothing answers as Azure does. This server is not on Azure, or it is kept from "
                f"{url.host}"
            ) from None
        except _BROKEN as error:
            told = "Azure broke off its answer about this server's managed identity. We ask again."
            raise Unavailable(told, detail=type(error).__name__) from None
        return response.status, body


def _is_near(host: str) -> bool:
    """Whether it is this machine, or on its own network link as IMDS is."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"  # as Container Apps names it
    return address.is_loopback or address.is_link_local


def _rejected(what: str) -> CredentialsRejected:
    return CredentialsRejected(
        f"The managed identity of this server {what}. Whoever runs this server mends it; "
        "SEATKEEPER_MANAGED_IDENTITY chooses the identity."
    )
