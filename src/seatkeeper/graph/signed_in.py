"""A person who signs in themselves: by a page of Microsoft's, or by a code that they type in on another device.

What stays of it is a refresh token. It is that person's key, good for 90 days after each use, and ends with a new
password (entra-docs, identity-platform/refresh-tokens). The page is asked for with PKCE and answers by a form post, so
that no address holds the code; msal makes the state and the verifier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msal
import msgspec

from seatkeeper.errors import BadInput, BrokenAnswer, CredentialsRejected
from seatkeeper.graph.clouds import Endpoints
from seatkeeper.graph.messenger import Messenger
from seatkeeper.graph.refusals import to_answered
from seatkeeper.model import Secret

FIELD: Final = "sign_in"
_LONGEST_PAUSE: Final = 60  # seconds; a code is good for 15 minutes


class _Kept(msgspec.Struct):
    refresh_token: str
    client_secret: str = ""


class SignedIn(msgspec.Struct, frozen=True):
    """The credential of an application on behalf of a person; `secret` is the registration's own, if it wants one."""

    client_id: str
    refresh_token: Secret
    secret: Secret | None = None

    @classmethod
    def read(cls, client_id: str, text: Secret) -> SignedIn:
        """Raises BadInput for what `write` has not written."""
        try:
            kept = msgspec.json.decode(text.reveal(), type=_Kept)
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
            kept = _Kept("")
        if not kept.refresh_token:
            raise BadInput(FIELD, "this is not what a sign-in has given. Sign in again.")
        return cls(client_id, Secret(kept.refresh_token), Secret(kept.client_secret) if kept.client_secret else None)

    def write(self) -> Secret:
        """Both as one text, to be sealed."""
        kept = _Kept(self.refresh_token.reveal(), self.secret.reveal() if self.secret else "")
        return Secret(msgspec.json.encode(kept).decode())

    def renew(self, messenger: Messenger, authority: str, scope: str, claims: str | None) -> SignedIn:
        """Ask for a token; the credential to go on with, as Microsoft may have given a new refresh token."""
        application = open_client(messenger, authority, self.client_id, self.secret)
        more = {"claims": claims} if claims else {}
        application.acquire_token_by_refresh_token(self.refresh_token.reveal(), [scope], data=more)
        renewed = messenger.grant.refresh_token if messenger.grant else None
        return self if renewed is None else SignedIn(self.client_id, renewed, self.secret)


class Begun(NamedTuple):
    """A sign-in that somebody has to go on with: at which address, with which code if one is to be typed in there.

    `flow` is what the end of it needs. `seconds` is how long to wait between two looks.
    """

    address: str
    flow: Secret
    code: str = ""
    seconds: int = 0


class SignInDesk:
    """Signs people in for one application in one tenant. `scopes` are full names of delegated permissions."""

    def __init__(
        self,
        open_messenger: Callable[[], Messenger],
        endpoints: Endpoints,
        tenant_id: str,
        client_id: str,
        secret: Secret | None,
    ) -> None:
        self._open = open_messenger
        self._authority = f"{endpoints.login_url}/{tenant_id}"
        self._client_id = client_id
        self._secret = secret

    def _client(self, secret: Secret | None) -> tuple[Messenger, Any]:
        messenger = self._open()
        return messenger, open_client(messenger, self._authority, self._client_id, secret)

    def begin(self, scopes: Sequence[str], back: str) -> Begun:
        """The page at Microsoft, which leads back to our address `back`. Raises what asking Microsoft raises."""
        _, client = self._client(self._secret)
        flow = client.initiate_auth_code_flow(
            list(scopes), redirect_uri=back, prompt="select_account", response_mode="form_post"
        )
        return Begun(flow["auth_uri"], _pack(flow))

    def finish(self, flow: Secret, answer: Mapping[str, str]) -> SignedIn:
        """What came back with the person's browser. Raises BadInput for an answer that is none to this sign-in,
        CredentialsRejected with Microsoft's reason.
        """
        begun = _unpack(flow)
        if not begun.get("state") or answer.get("state") != begun["state"]:
            raise BadInput(FIELD, "this answer belongs to no sign-in that was begun here. Begin again.")
        if answer.get("error"):
            raise to_answered(answer["error"], answer.get("error_description", ""))
        messenger, client = self._client(self._secret)
        try:
            found = client.acquire_token_by_auth_code_flow(begun, dict(answer))
        except (ValueError, RuntimeError, KeyError):  # the answer has no code
            raise BadInput(FIELD, "this answer belongs to no sign-in that was begun here. Begin again.") from None
        return self._keep(messenger, found, self._secret)

    def begin_with_code(self, scopes: Sequence[str]) -> Begun:
        """A code to type in on any device. Microsoft gives it to public clients alone, which have no secret."""
        messenger, client = self._client(None)
        try:
            flow = client.initiate_device_flow(list(scopes))
        except ValueError:  # what msal raises for a service that names no place for it
            raise BrokenAnswer("Microsoft's sign-in service gives no codes to type in.") from None
        if messenger.device is None:
            raise BrokenAnswer("Microsoft's sign-in service gave no code to type in.")
        device = messenger.device
        return Begun(
            device.verification_uri, _pack(flow), device.user_code, min(max(1, device.interval), _LONGEST_PAUSE)
        )

    def look(self, flow: Secret) -> SignedIn:
        """Whether somebody has typed the code in. Raises NotSignedInYet until then, CredentialsRejected when never."""
        messenger, client = self._client(None)
        found = client.acquire_token_by_device_flow(_unpack(flow), exit_condition=lambda _: True)
        return self._keep(messenger, found, None)

    def _keep(self, messenger: Messenger, found: Mapping[str, Any], secret: Secret | None) -> SignedIn:
        if messenger.grant is None or messenger.grant.refresh_token is None or "access_token" not in found:
            raise CredentialsRejected(
                "Microsoft signed you in and gave nothing to go on with: the permission offline_access is missing. "
                "Begin again, and agree to “Maintain access to data you have given it access to”."
            )
        return SignedIn(self._client_id, messenger.grant.refresh_token, secret)


def _pack(flow: Mapping[str, Any]) -> Secret:
    return Secret(msgspec.json.encode(flow).decode())


def _unpack(flow: Secret) -> dict[str, Any]:
    return msgspec.json.decode(flow.reveal(), type=dict[str, Any])


def open_client(messenger: Messenger, authority: str, client_id: str, secret: Secret | None) -> Any:
    """msal's client of a registration with or without a secret of its own."""
    told = {"authority": authority, "instance_discovery": False, "http_client": messenger}
    if secret is None:
        return msal.PublicClientApplication(client_id, **told)
    return msal.ConfidentialClientApplication(client_id, client_credential=secret.reveal(), azure_region=False, **told)
