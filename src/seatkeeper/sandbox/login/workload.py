"""An outside issuer, such as a cluster, whose tokens an application of the pretend tenant trusts."""

from __future__ import annotations

import time
from typing import Any, Final

from cryptography.hazmat.primitives import serialization

from seatkeeper.sandbox.login.jwt import sign, signing_key
from seatkeeper.sandbox.world.tenant import Federated, Tenant

ISSUER: Final = "https://cluster.northwind.example"
SUBJECT: Final = "system:serviceaccount:seatkeeper:seatkeeper"
AUDIENCE: Final = "api://AzureADTokenExchange"


def trust_workload(tenant: Tenant, audience: str = AUDIENCE) -> None:
    """Register the issuer's one workload with the application."""
    public = signing_key().public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    tenant.register_federated(Federated(ISSUER, SUBJECT, public.decode(), audience))


def workload_token(**changes: Any) -> str:
    """A token as the issuer writes it into the workload's file, for an hour; `changes` are claims."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "iat": now, "nbf": now, "exp": now + 3600}
    return sign(claims | changes)
