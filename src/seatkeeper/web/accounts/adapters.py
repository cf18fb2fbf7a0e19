"""Where allauth asks us: who may come in, what is sealed, where a reader is sent."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from seatkeeper.services import invitations, second_factors
from seatkeeper.services.limits import BY_ACCOUNT, BY_ADDRESS, to_network
from seatkeeper.web.accounts.single_sign_on.claims import vouches_for_email

log = logging.getLogger("seatkeeper.web")


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """An administrator lets people in."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """`authenticate` counts instead: allauth's count by account alone lets a stranger keep a member out."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Who guesses waits, by address and by account as seen from it. Raises TooOften."""
        address = to_network(self.get_client_ip(request))
        account = f"{credentials.get('email') or credentials.get('username', '')}".lower() + f" from {address}"
        BY_ADDRESS.note(address)
        BY_ACCOUNT.note(account)
        if (member := super().authenticate(request, **credentials)) is not None:
            BY_ADDRESS.take_back(address)
            BY_ACCOUNT.take_back(account)
        return member

    def is_safe_url(self, url: str) -> bool:
        """Only paths of ours: a link may not lead a reader who has just signed in to another host."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        """A copy of the database is not enough to make codes."""
        return second_factors.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return second_factors.open_sealed(encrypted_text)


class SignOns(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002
        return False

    def get_requests_session(self) -> Any:
        """A redirect would take our secret, or our trust, to somebody else."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Bind a person whom we see first to the invitation for the address that the provider vouches for.

        Only to an invitation: an address is no proof against somebody who has a password here.
        """
        if sociallogin.is_existing or request.user.is_authenticated:
            return
        claims = sociallogin.account.extra_data["id_token"]
        member = invitations.waiting(str(claims.get("email", ""))) if vouches_for_email(claims) else None
        if member is not None:
            sociallogin.connect(request, member)
            invitations.accept_vouched(member)

    def on_authentication_error(self, *_: Any, error: Any = None, exception: Any = None, **__: Any) -> None:
        """The reader learns only that it failed; why, is for whoever runs the server."""
        log.warning("single sign-on failed: %s", exception or error)
