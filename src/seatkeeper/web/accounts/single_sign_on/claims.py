"""What an ID token says, believed only when everything about it is right."""

from __future__ import annotations

import hmac
from typing import Any, Final, NamedTuple

import jwt
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

# Never "none", and never a shared secret: a key of the provider that everybody can read would pass for one.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY: Final = 60  # seconds that the provider's clock and ours may differ


class Expected(NamedTuple):
    """What the token must say: it is from them, for us, and for this very sign-in."""

    issuer: str
    client_id: str
    nonce: str | None


def read_claims(token: str, keys: dict[str, Any], expected: Expected) -> dict[str, Any]:
    """The claims of an ID token. Raises OAuth2Error, which allauth shows as a sign-in that failed."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        usable = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.public_key_use in (None, "sig")]
        found = [key for key in usable if key.key_id == kid] if kid else usable
        if len(found) != 1:
            raise OAuth2Error("The ID token was signed with a key that the provider does not publish.")
        claims: dict[str, Any] = jwt.decode(
            token,
            found[0],
            algorithms=list(ALGORITHMS),
            issuer=expected.issuer,
            audience=expected.client_id,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, TypeError) as error:
        raise OAuth2Error(f"The ID token is not valid: {error}") from error
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise OAuth2Error("The ID token was made for another application.")
    nonce = claims.get("nonce")
    if not expected.nonce or not isinstance(nonce, str) or not hmac.compare_digest(nonce, expected.nonce):
        raise OAuth2Error("The ID token was made for another sign-in.")
    return claims


def vouches_for_email(claims: dict[str, Any]) -> bool:
    """Whether the provider says that the address belongs to the person. Entra says it in its own words."""
    return claims.get("email_verified") is True or claims.get("xms_edov") in (True, 1, "1", "true")
