"""What a member sets for oneself: the name, tokens for scripts, views of listings."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from seatkeeper.services import memberships, tokens, views
from seatkeeper.services.members import ROLES, May
from seatkeeper.settings import SEATKEEPER
from seatkeeper.web.accounts.forms import NameForm, TokenForm
from seatkeeper.web.frame.forms import attempt
from seatkeeper.web.frame.pages import Asked, page


@page(May.SEE, methods=("GET", "POST"))
def profile(request: Asked) -> HttpResponse:
    names = {"first_name": request.user.first_name, "last_name": request.user.last_name}  # type: ignore[union-attr]
    form = NameForm(request.POST or None, initial=names)
    if request.method == "POST" and form.is_valid():
        memberships.rename(request.who, **form.cleaned_data)
        messages.success(request, "Your name was saved.")
        return redirect("/profile")
    context = {"form": form, "single_sign_on": SEATKEEPER.single_sign_on}
    return render(request, "seatkeeper/profile.html", context, status=422 if form.errors else 200)


@page(May.SEE, methods=("GET", "POST"))
def own_tokens(request: Asked) -> HttpResponse:
    form = _token_form(request, request.POST or None)
    made = attempt(form, lambda **chosen: tokens.make(request.who, **chosen)) if form.is_bound else None
    context = {"form": _token_form(request) if made else form, "made": made, "tokens": tokens.rows(request.who)}
    return render(request, "seatkeeper/tokens.html", context, status=422 if form.errors else 200)


def _token_form(request: Asked, data: QueryDict | None = None) -> TokenForm:
    """With the roles that allow no more than the asker's own."""
    form = TokenForm(data)
    form.fields["role"].choices = [  # type: ignore[attr-defined]
        (role.value, role.value) for role, may in ROLES.items() if may <= request.who.may
    ]
    if May.OPERATE not in request.who.may:
        del form.fields["operates"]
    return form


@page(May.SEE, methods=("POST",))
def revoke(request: Asked, token_id: int) -> HttpResponse:
    tokens.revoke(request.who, token_id)
    messages.success(request, "The token was revoked.")
    return redirect("/profile/tokens")


@page(May.SEE, methods=("POST",))
def keep_view(request: Asked) -> HttpResponse:
    wanted = {name: request.POST.get(name, "") for name in ("listing", "name", "query")}
    views.keep(request.who, **wanted)
    back = _local(request.POST.get("back", ""))
    return redirect(back + wanted["query"] if back != "/" else back)


@page(May.SEE, methods=("POST",))
def delete_view(request: Asked, view_id: int) -> HttpResponse:
    views.delete(request.who, view_id)
    return redirect(_local(request.POST.get("back", "")))


def _local(path: str) -> str:
    """A path of ours to go back to."""
    return path if path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else "/"
