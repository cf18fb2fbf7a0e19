"""A look round: out to the vendor's page for signing in, back from it, and what becomes of what was read.

The vendor's page sends its answer as a form, so that no address holds the code. That form comes from another site, so
the session's cookie does not come along: `arrive` hands what came to a form of ours, whose answer `signed_in` takes.
"""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

from seatkeeper.errors import BadInput, ChangedMeanwhile, CredentialsRejected, SeatkeeperError, TryLater
from seatkeeper.services import connections, look_rounds
from seatkeeper.services.look_rounds import Step
from seatkeeper.services.members import May
from seatkeeper.web.frame.pages import Asked, page

STATE: Final = "sign_in"  # its name in the session, with where to begin again
ANSWERS: Final = ("state", "code", "error", "error_description")  # of OAuth 2.0, section 4.1.2
LONGEST: Final = 8000  # characters of one of them; a code of Microsoft's has some 1,000


def go_on(request: Asked, step: Step, back: str, *, again: bool = False) -> HttpResponse:
    """The page that leads to the vendor's; nothing was saved so far."""
    request.session[STATE] = step.state, back
    context = {"step": step, "back": back, "again": again}
    return render(request, "seatkeeper/applications/sign_in.html", context)


@page(May.APPLICATIONS, methods=("POST",))
def again(request: Asked, connection_id: int) -> HttpResponse:
    """Sign in once more to a tenant that is read so."""
    connections.find(request.who, connection_id)
    try:
        step = look_rounds.begin_again(request.who, connection_id)
    except (BadInput, CredentialsRejected, TryLater) as error:
        return _refused(request, error, f"/connections/{connection_id}")
    return go_on(request, step, f"/connections/{connection_id}", again=True)


@csrf_exempt
def arrive(request: HttpRequest) -> HttpResponse:
    """What the vendor's page sends, handed on. Nothing is done here: whoever sends it may be anybody."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    answer = {name: request.POST.get(name, "")[:LONGEST] for name in ANSWERS}
    return render(request, "seatkeeper/applications/arrived.html", {"answer": answer})


@csrf_exempt  # the session's cookie never comes along from another site, and `state` belongs to this session alone
@page(May.APPLICATIONS, methods=("POST",))
def signed_in(request: Asked) -> HttpResponse:
    state, back = request.session.pop(STATE, ("", "/applications/add"))
    answer = {name: value for name in ANSWERS if (value := request.POST.get(name, ""))}
    try:
        made = look_rounds.finish(request.who, state, answer)
    except (BadInput, ChangedMeanwhile, CredentialsRejected, TryLater) as error:
        return _refused(request, error, back)
    names = ", ".join(f"“{application.name}”" for application in made)
    messages.success(request, f"You are signed in. {names}: what you may see is being read now.")
    return redirect(f"/connections/{made[0].connection_id}")


@page(May.APPLICATIONS, methods=("POST",))
def keep(request: Asked, connection_id: int) -> HttpResponse:
    look_rounds.keep(request.who, connection_id)
    messages.success(request, "Kept. The tenant is read regularly from now on.")
    return redirect(f"/connections/{connection_id}")


@page(May.APPLICATIONS, methods=("POST",))
def forget(request: Asked, connection_id: int) -> HttpResponse:
    look_rounds.forget(request.who, connection_id)
    messages.success(request, "Forgotten: what was read of the tenant is deleted, and the sign-in with it.")
    return redirect("/connections")


def _refused(request: Asked, error: SeatkeeperError, back: str) -> HttpResponse:
    told = error.first.sentence if isinstance(error, BadInput) else str(error)
    context = {"told": told, "back": back}
    return render(request, "seatkeeper/applications/sign_in_refused.html", context, status=422)
