"""Add Application, edit it, and Authorize: the way from nothing to a tenant that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from seatkeeper.connectors.base import Check
from seatkeeper.connectors.catalog import USUAL, find_product, list_products
from seatkeeper.errors import BadInput, SeatkeeperError
from seatkeeper.services import applications
from seatkeeper.services.guides import GRAPH, NAME, grant, guides, needs
from seatkeeper.services.members import May
from seatkeeper.store.models import Application
from seatkeeper.web.forms_applications import ConnectForm, EditForm
from seatkeeper.web.live import event
from seatkeeper.web.pages import Asked, page

LONGEST_SEARCH = 100


@page(May.APPLICATIONS, methods=("GET", "POST"))
def add(request: Asked) -> HttpResponse:
    """The catalogue, and the panel of the product that was chosen from it."""
    product = request.GET.get("product", "")
    if not product:
        return _catalogue(request)
    if request.method != "POST":
        form = ConnectForm(initial={"name": find_product(product).title, "tasks": USUAL})
        return _panel(request, form, product)
    form = ConnectForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            application = applications.add_application(request.who, form.new(product))
        except BadInput as error:
            form.refuse(error)
        else:
            return _onward(request, application, f"“{application.name}” was saved.")
    return _panel(request, form, product, status=422)


def _catalogue(request: Asked) -> HttpResponse:
    search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    words = search.casefold().split()
    found = [p for p in list_products() if all(word in f"{p.title} {p.integration}".casefold() for word in words)]
    return render(request, "seatkeeper/applications/catalogue.html", {"products": found, "search": search})


def _panel(request: Asked, form: ConnectForm, product: str, status: int = 200) -> HttpResponse:
    context = {"form": form, "product": find_product(product), **_how_to()}
    return render(request, "seatkeeper/applications/add.html", context, status=status)


def _how_to() -> dict[str, object]:
    return {"needs": needs(), "guides": guides(), "graph": GRAPH, "registration": NAME}


def _onward(request: Asked, application: Application, message: str) -> HttpResponse:
    """Save leads to the application, Authorize to its check list."""
    messages.success(request, message)
    place = "/authorize" if request.POST.get("then") == "authorize" else ""
    return redirect(f"/applications/{application.pk}{place}")


@page(May.APPLICATIONS, methods=("GET", "POST"))
def edit(request: Asked, application_id: int) -> HttpResponse:
    """The same form; a credential that is left empty stays."""
    application = applications.find(request.who, application_id)
    if request.method != "POST":
        return _edit_page(request, application, EditForm(application))
    form = EditForm(application, request.POST, request.FILES)
    if form.is_valid():
        try:
            changed = applications.edit_application(request.who, application_id, form.edit())
        except BadInput as error:
            form.refuse(error)
        else:
            return _onward(request, changed, f"“{changed.name}” was changed.")
    return _edit_page(request, application, form, status=422)


def _edit_page(request: Asked, application: Application, form: EditForm, status: int = 200) -> HttpResponse:
    product = find_product(application.product)
    back = f"/applications/{application.pk}"
    context = {"application": application, "form": form, "product": product, "back": back, **_how_to()}
    return render(request, "seatkeeper/applications/edit.html", context, status=status)


class Step(NamedTuple):
    """A line of the check list: what was tried, and the commands that mend it if there are any."""

    title: str
    passed: bool | None
    message: str
    commands: str = ""


@page(May.APPLICATIONS, methods=("GET", "POST"))
def authorize(request: Asked, application_id: int) -> HttpResponse:
    """The check list: it fills by itself where scripts run, and is sent whole where they do not."""
    application = applications.find(request.who, application_id)
    steps = list(_tried(request, application)) if request.method == "POST" else []
    context = _list_context(application, steps, done=request.method == "POST")
    return render(request, "seatkeeper/applications/authorize.html", context)


@page(May.APPLICATIONS)
def authorize_events(request: Asked, application_id: int) -> HttpResponseBase:
    """The check list as it grows, as server-sent events."""
    application = applications.find(request.who, application_id)
    steps = _tried(request, application)
    answer = StreamingHttpResponse(_events(request, application, steps), content_type="text/event-stream")
    answer["X-Accel-Buffering"] = "no"  # a proxy that gathers the answer would make it a late one
    return answer


def _tried(request: Asked, application: Application) -> Iterator[Step]:
    """Each check as a step. What stops the list is its last step."""
    checks = applications.authorize(request.who, application.pk)
    return _to_steps(checks, application.connection.client_id)


def _to_steps(checks: Iterator[Check], client_id: str) -> Iterator[Step]:
    try:
        for check in checks:
            permission = check.title.removeprefix("Permission ")
            yield Step(*check, commands="" if check.passed else grant(permission, client_id))
    except SeatkeeperError as error:
        yield Step("The tenant can be reached", False, str(error))


def _events(request: HttpRequest, application: Application, steps: Iterator[Step]) -> Iterator[str]:
    seen: list[Step] = []
    yield _part(request, application, seen, done=False)
    for step in steps:
        seen.append(step)
        yield _part(request, application, seen, done=False)
    yield _part(request, application, seen, done=True)
    yield event("end")


def _part(request: HttpRequest, application: Application, steps: list[Step], *, done: bool) -> str:
    context = _list_context(application, steps, done=done)
    return event("part", render_to_string("seatkeeper/applications/checks.html", context, request))


def _list_context(application: Application, steps: list[Step], *, done: bool) -> dict[str, object]:
    failed = [step for step in steps if step.passed is False]
    return {"application": application, "steps": steps, "done": done, "failed": failed}
