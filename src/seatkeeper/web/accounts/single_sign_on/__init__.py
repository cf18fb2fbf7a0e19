"""OpenID Connect, stricter than allauth's own: signatures and nonces are always checked, the caller adds nothing."""
