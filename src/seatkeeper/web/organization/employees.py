"""The list of employees: what was imported last, and importing another one."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput
from seatkeeper.services import employees
from seatkeeper.services.employees import ENCODINGS, FIELDS, LARGEST_FILE, TITLES
from seatkeeper.services.listings import employees as listed
from seatkeeper.services.members import May
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.pages import Asked, page
from seatkeeper.web.frame.uploads import read_file

SHOWN_WRONG: Final = 1000  # what is wrong is shown so far; a page has an end


@page()
def index(request: Asked) -> HttpResponse:
    context = {"may_import": May.USERS in request.who.may}
    return listing_page(request, "seatkeeper/employees/index.html", listed.LISTING, listed.rows(request.who), **context)


@page()
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return export(request, listed.LISTING, listed.rows(request.who), form)


@page(May.USERS, methods=("GET", "POST"))
def upload(request: Asked) -> HttpResponse:
    """Choose a file; it is put aside and looked at on the next page."""
    if request.method != "POST":
        return _form(request)
    encoding = request.POST.get("encoding", "")
    try:
        name = employees.keep_upload(request.who, read_file(request, LARGEST_FILE))
        employees.preview(request.who, name, encoding)
    except BadInput as error:
        return _form(request, error.first.sentence, encoding)
    return redirect(f"/employees/import/{name}?encoding={encoding}")


def _form(request: Asked, problem: str = "", encoding: str = "") -> HttpResponse:
    context = {"problem": problem, "encodings": ENCODINGS.items(), "encoding": encoding}
    return render(request, "seatkeeper/employees/upload.html", context, status=422 if problem else 200)


@page(May.USERS, methods=("GET", "POST"))
def preview(request: Asked, kept: str) -> HttpResponse:
    """The first people and everything that is wrong; on POST the list takes the place of the one there is."""
    asked = request.POST if request.method == "POST" else request.GET
    encoding = asked.get("encoding", "")
    mapping: dict[str, int] | None = None  # which column is which field; None while nobody has chosen
    if any(key in asked for key in FIELDS):
        chosen = {key: str(asked[key]) for key in FIELDS if asked.get(key)}
        for key, place in chosen.items():
            if not place.isascii() or not place.isdigit() or len(place) > 4:
                raise BadInput(TITLES[key], "There is no such column.")
        mapping = {key: int(place) for key, place in chosen.items()}
    if request.method == "POST":
        found = employees.import_list(request.who, kept, encoding, mapping)
        messages.success(request, f"{len(found.people):,} employees were imported. {found.taken}")
        return redirect("/employees")
    found = employees.preview(request.who, kept, encoding, mapping)
    context = {
        "kept": kept,
        "encoding": encoding,
        "found": found,
        "columns": list(enumerate(found.columns)),
        "fields": [(key, TITLES[key], found.mapping.get(key)) for key in FIELDS],
        "good": len(found.people),
        "left_out": len({wrong.row for wrong in found.wrong}),
        "wrong": found.wrong[:SHOWN_WRONG],
        "more_wrong": max(0, len(found.wrong) - SHOWN_WRONG),
    }
    return render(request, "seatkeeper/employees/preview.html", context)
