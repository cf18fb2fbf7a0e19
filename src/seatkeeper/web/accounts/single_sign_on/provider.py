"""allauth's OpenID Connect provider, with what it leaves to others."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from seatkeeper.errors import Unavailable
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.sign_in import PROVIDER
from seatkeeper.web.accounts.single_sign_on.claims import Expected, read_claims

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def callback_url() -> str:
    """Where the provider sends people back to; what is registered there."""
    return SEATKEEPER.address.url + reverse("openid_connect_callback", args=[PROVIDER])


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """One sign-in's talk with the provider; `nonce` is what we asked it to repeat."""

    nonce: str | None = None

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider publishes of itself, held to what the operator set."""
        try:
            config: dict[str, Any] = super().openid_config
        except (OSError, ValueError) as error:
            raise Unavailable(
                "The single sign-on provider cannot be reached. Try again, or sign in with your password.",
                detail=str(error),
            ) from error
        issuer = self.get_provider().app.settings["server_url"]
        if str(config.get("issuer")).rstrip("/") != issuer.rstrip("/"):
            raise OAuth2Error("The provider calls itself by another name than SEATKEEPER_OIDC_ISSUER.")
        if not all(str(config.get(name)).startswith("https://") for name in _ENDPOINTS):
            raise OAuth2Error("The provider has an endpoint that is not https.")
        return config

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:  # noqa: ARG002 - allauth's signature
        """By the public address: what the caller asked for may be another name, or http behind a proxy."""
        return callback_url()

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        """Only the signed ID token is believed; nothing else says who somebody is."""
        if not isinstance(id_token := kwargs["response"].get("id_token"), str):
            raise OAuth2Error("The provider sent no ID token.")
        config = self.openid_config
        with get_adapter().get_requests_session() as session:
            answer = session.get(config["jwks_uri"])
            answer.raise_for_status()
            keys = answer.json()
        claims = read_claims(id_token, keys, Expected(config["issuer"], app.client_id, self.nonce))
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """Everything that is asked of the provider is ours: no scope or parameter from the address of a page."""

    oauth2_adapter_class = Adapter
    pkce_enabled_default = True

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:  # noqa: ARG002 - allauth's signature
        return list(self.get_default_scope())

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:  # noqa: ARG002
        return {}

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        nonce = secrets.token_urlsafe(24)
        kwargs |= {"auth_params": {"nonce": nonce}, "nonce": nonce}  # the second is kept beside the state
        try:
            answer: HttpResponse = super().redirect(request, process, next_url, data, **kwargs)
        except OAuth2Error as error:
            answer = render_authentication_error(request, self, exception=error)
        return answer

    def extract_uid(self, data: dict[str, Any]) -> str:
        """`sub` is only unique within its issuer, and together they may be too long for the column."""
        claims = data["id_token"]
        return hashlib.sha256(f"{claims['iss']} {claims['sub']}".encode()).hexdigest()


class Callback(OAuth2CallbackView):  # type: ignore[misc]
    """Where the provider sends people back to; hands the nonce of this sign-in to whoever checks the token."""

    adapter: Adapter

    def _get_state(self, request: HttpRequest, provider: Provider) -> tuple[dict[str, Any] | None, Any]:
        state, answer = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce")
        return state, answer
