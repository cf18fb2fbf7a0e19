"""The single sign-on provider in the form that allauth reads."""

from __future__ import annotations

from typing import Any, Final

from seatkeeper.settings.address import SingleSignOn

PROVIDER: Final = "single-sign-on"  # stands in the address that the provider sends people back to
CLASS: Final = "seatkeeper.web.accounts.single_sign_on.provider.Provider"


def providers(chosen: SingleSignOn | None) -> dict[str, Any]:
    """SOCIALACCOUNT_PROVIDERS."""
    if chosen is None:
        return {"openid_connect": {"provider_class": CLASS, "APPS": []}}
    app = {
        "provider_id": PROVIDER,
        "name": chosen.name,
        "client_id": chosen.client_id,
        "secret": chosen.secret.reveal(),
        "settings": {"server_url": chosen.issuer, "fetch_userinfo": False, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"provider_class": CLASS, "APPS": [app]}}
