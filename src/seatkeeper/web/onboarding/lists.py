"""A list of tenants: chosen, looked at, and added."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput
from seatkeeper.services import customers, tenant_checks
from seatkeeper.services.customers import ENCODINGS, LARGEST_FILE, TITLES
from seatkeeper.services.members import May
from seatkeeper.web.frame.pages import Asked, page
from seatkeeper.web.frame.uploads import read_file
from seatkeeper.web.onboarding.links import HOME

SHOWN: Final = 1000  # rows that are shown of each kind; a page has an end


@page(May.APPLICATIONS, methods=("GET", "POST"))
def upload(request: Asked) -> HttpResponse:
    """Choose a file; it is put aside, sealed, and looked at on the next page."""
    if request.method != "POST":
        return _form(request)
    encoding, name = request.POST.get("encoding", ""), ""
    try:
        name = customers.keep_upload(request.who, read_file(request, LARGEST_FILE))
        customers.preview_upload(request.who, name, encoding)
    except BadInput as error:
        if name:
            customers.forget_upload(request.who, name)
        return _form(request, error.first.sentence, encoding)
    return redirect(f"{HOME}/import/{name}?encoding={encoding}")


def _form(request: Asked, problem: str = "", encoding: str = "") -> HttpResponse:
    context = {"problem": problem, "encodings": ENCODINGS.items(), "encoding": encoding, "titles": TITLES.values()}
    return render(request, "seatkeeper/onboarding/upload.html", context, status=422 if problem else 200)


@page(May.APPLICATIONS, methods=("GET", "POST"))
def preview(request: Asked, upload: str) -> HttpResponse:
    """What would be added and everything that is wrong; on POST it is added, and checked at the vendor where asked."""
    asked = request.POST if request.method == "POST" else request.GET
    encoding = asked.get("encoding", "")
    found, problem = customers.preview_upload(request.who, upload, encoding), ""
    if request.method == "POST":
        try:
            added = customers.add(request.who, found, only_good=asked.get("only_good") == "yes")
        except BadInput as error:
            problem = error.first.sentence
        else:
            customers.forget_upload(request.who, upload)
            messages.success(request, f"{added.words}.")
            if not added.connections or asked.get("then") != "authorize":
                return redirect(HOME if added.links else "/connections")
            tenant_checks.ask(request.who, added.connections)
            return redirect(f"{HOME}/checks")
    context = {
        "upload": upload, "encoding": encoding, "found": found, "problem": problem,
        "good": found.good[:SHOWN], "more_good": max(0, len(found.good) - SHOWN),
        "wrong": found.wrong[:SHOWN], "more_wrong": max(0, len(found.wrong) - SHOWN),
    }  # fmt: skip
    return render(request, "seatkeeper/onboarding/preview.html", context, status=422 if problem else 200)
