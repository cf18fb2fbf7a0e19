"""The two addresses of single sign-on: out to the provider, and back."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2LoginView
from django.http import Http404, HttpRequest, HttpResponse

from seatkeeper.web.accounts.single_sign_on.provider import Adapter, Callback


def out(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Somebody who is signed in already adds a way to sign in, and proves first who it is."""
    if request.user.is_authenticated:
        raise_if_reauthentication_required(request, app="allauth.socialaccount")
    return _view(OAuth2LoginView, request, provider_id)


def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _view(Callback, request, provider_id)


def _view(kind: type, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        answer: HttpResponse = kind.adapter_view(Adapter(request, provider_id))(request)  # type: ignore[attr-defined]
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return answer
