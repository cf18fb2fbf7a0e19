"""What clients read from the login host before they ask for a token."""

from __future__ import annotations

from typing import Any

from seatkeeper.sandbox.login import clouds
from seatkeeper.sandbox.login.assertions import TokenRefusal
from seatkeeper.sandbox.world.tenant import Tenant


def known_tenant(tenant: Tenant, name: str) -> bool:
    """Whether a name is the tenant's id or one of its verified domains."""
    return name.lower() == tenant.tenant_id or name.lower() in tenant.domains


def no_tenant(name: str, error: str) -> TokenRefusal:
    """AADSTS90002."""
    text = (
        f"Tenant '{name[:100]}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant."
    )
    return TokenRefusal(90002, 400, error, text)


def configuration(host: str, name: str) -> dict[str, Any]:
    """The OpenID configuration of a tenant, as clients read it before anything else."""
    base = f"{host}/{name}"
    own = host.removeprefix("https://")
    cloud = clouds.of_login(own)[0]
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post", "private_key_jwt", "client_secret_basic", "self_signed_tls_client_auth",
        ],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": cloud.instance,
        "msgraph_host": cloud.graph if own in cloud.logins else own,
    }  # fmt: skip


def instances(host: str) -> dict[str, Any]:
    """GET /common/discovery/instance: which names each cloud's login host goes by."""
    own = host.removeprefix("https://")
    known = {cloud.logins: cloud for cloud in clouds.CLOUDS}
    names = [*known] if own in clouds.HOSTS else [(own,), *known]
    return {
        "tenant_discovery_endpoint": f"{host}/common/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [
            {"preferred_network": logins[-1], "preferred_cache": logins[-1], "aliases": list(logins)}
            for logins in names
        ],
    }
