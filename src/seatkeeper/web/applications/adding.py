"""Add Application, edit it, and Authorize: the way from nothing to a tenant that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from seatkeeper.errors import BadInput, ChangedMeanwhile, CredentialsRejected, TryLater
from seatkeeper.services import additions, addresses, applications, catalogue, look_rounds, preflights
from seatkeeper.services.applications import Check
from seatkeeper.services.members import May
from seatkeeper.web.applications.forms import ConnectForm, EditForm, SuiteForm
from seatkeeper.web.applications.look_rounds import go_on
from seatkeeper.web.frame.forms import refuse
from seatkeeper.web.frame.live import Part, stream
from seatkeeper.web.frame.pages import Asked, page

if TYPE_CHECKING:
    from seatkeeper.store.models import Application

LONGEST_SEARCH = 100
PATIENCE: Final = 5.0  # seconds for the whole list, where no scripts show how it grows


@page(May.APPLICATIONS, methods=("GET", "POST"))
def add(request: Asked) -> HttpResponse:
    """The catalogue, and the panel of the product that was chosen from it."""
    product = request.GET.get("product", "")
    if suite := request.GET.get("suite", ""):
        return _add_suite(request, suite)
    if not product:
        search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
        found = catalogue.list_products(request.who, search)
        context = {"suites": catalogue.list_suites(request.who, search), "products": found, "search": search}
        return render(request, "seatkeeper/applications/catalogue.html", context)
    if request.method != "POST":
        title = catalogue.find_product(request.who, product).title
        return _panel(request, ConnectForm(request.who, product, initial={"name": title}))
    form = ConnectForm(request.who, product, request.POST, request.FILES)
    try:
        if form.is_valid():
            application = applications.add_application(request.who, form.new())
            return _onward(request, application, f"“{application.name}” was saved.")
        applications.check_new(request.who, form.new())
    except BadInput as error:
        refuse(form, error)
    except (ChangedMeanwhile, CredentialsRejected, TryLater) as error:  # of a credential that is to replace one
        form.add_error(None, str(error))
    return _panel(request, form, status=422)


def _add_suite(request: Asked, suite: str) -> HttpResponse:
    """The panel of all products of a vendor at once."""
    if request.method != "POST":
        return _panel(request, SuiteForm(request.who, suite))
    form = SuiteForm(request.who, suite, request.POST, request.FILES)
    try:
        new, products = form.new() if form.is_valid() else None, form.cleaned_data.get("products", [])
        if form.suite.delegated:
            step = look_rounds.begin(request.who, suite, new or form.new(), products)
            if new is not None:
                return go_on(request, step, f"/applications/add?suite={suite}")
        elif new is None:
            additions.check_suite(request.who, suite, form.new(), products)
        else:
            made = additions.add_suite(request.who, suite, new, products)
            names = ", ".join(f"“{application.name}”" for application in made)
            place = f"/connections/{made[0].connection_id}"
            return _onward(request, made[0], f"Saved: {names}.", place)
    except BadInput as error:
        refuse(form, error)
    except (ChangedMeanwhile, CredentialsRejected, TryLater) as error:  # of a credential that is to replace one
        form.add_error(None, str(error))
    return _panel(request, form, status=422)


def _panel(request: Asked, form: ConnectForm, status: int = 200) -> HttpResponse:
    return render(request, "seatkeeper/applications/add.html", _context(request, form), status=status)


def _context(request: Asked, form: ConnectForm) -> dict[str, object]:
    if isinstance(form, SuiteForm):
        how = look_rounds.guide if form.suite.delegated else catalogue.guide_suite
        return {"form": form, "entry": form.suite, "guide": how(request.who, form.suite.key)}
    product = catalogue.find_product(request.who, form.product)
    return {"form": form, "entry": product, "guide": catalogue.guide(request.who, form.product)}


def _onward(request: Asked, application: Application, message: str, place: str = "") -> HttpResponse:
    """Save leads to the application or another place, Authorize to its check list."""
    messages.success(request, message)
    path = f"/applications/{application.pk}"
    return redirect(f"{path}/authorize" if request.POST.get("then") == "authorize" else place or path)


@page(May.APPLICATIONS, methods=("GET", "POST"))
def edit(request: Asked, application_id: int) -> HttpResponse:
    """The same form; a credential that is left empty stays."""
    application = applications.find(request.who, application_id)
    if request.method != "POST":
        return _edit_page(request, application, EditForm(request.who, application))
    form = EditForm(request.who, application, request.POST, request.FILES)
    version = form.opened.get("version")
    try:
        if form.is_valid():
            changed = applications.edit_application(request.who, application_id, form.edit(), version)
            return _onward(request, changed, f"“{changed.name}” was changed.")
        applications.check_edit(request.who, application_id, form.edit())
    except BadInput as error:
        refuse(form, error)
    except ChangedMeanwhile as error:
        form.show_changes(request.who, applications.find(request.who, application_id), str(error))
        return _edit_page(request, application, form, status=409)
    except (CredentialsRejected, TryLater) as error:
        form.add_error(None, str(error))
    return _edit_page(request, application, form, status=422)


def _edit_page(request: Asked, application: Application, form: EditForm, status: int = 200) -> HttpResponse:
    back = f"/applications/{application.pk}"
    own = addresses.list_own(application.connection)
    context = {"application": application, "back": back, "own": own, **_context(request, form)}
    return render(request, "seatkeeper/applications/edit.html", context, status=status)


@page(May.APPLICATIONS, methods=("GET", "POST"))
def authorize(request: Asked, application_id: int) -> HttpResponse:
    """The check list: it fills by itself where scripts run, and is sent as far as it is where they do not."""
    application = applications.find(request.who, application_id)
    preflight = preflights.wait(request.who, application_id, PATIENCE) if request.method == "POST" else None
    steps, done = (list(preflight.checks), preflight.told) if preflight else ([], False)
    context = {"asked": preflight is not None, **_list_context(application, steps, done=done)}
    return render(request, "seatkeeper/applications/authorize.html", context)


@page(May.APPLICATIONS)
def authorize_events(request: Asked, application_id: int) -> HttpResponseBase:
    """The check list as it grows."""
    application = applications.find(request.who, application_id)
    preflight = preflights.begin(request.who, application_id)

    def look() -> Part:
        preflight.told = preflight.ended.is_set()  # looked at first: what is found from here on is in the next part
        context = _list_context(application, list(preflight.checks), done=preflight.told)
        return Part(render_to_string("seatkeeper/applications/checks.html", context, request), ended=preflight.told)

    return stream(request.who, look)


def _list_context(application: Application, steps: list[Check], *, done: bool) -> dict[str, object]:
    failed = [step for step in steps if step.passed is False]
    own = addresses.list_own(application.connection)
    return {"application": application, "steps": steps, "done": done, "failed": failed, "own": own}
