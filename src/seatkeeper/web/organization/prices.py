"""The price list: a price at a time, or a file that is previewed before it is imported."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput
from seatkeeper.services import prices, savings, uploads
from seatkeeper.services.members import May
from seatkeeper.services.priced_skus import PricedSkus, list_shared
from seatkeeper.services.prices import LARGEST_FILE, NewPrice
from seatkeeper.web.frame.listings import to_file
from seatkeeper.web.frame.pages import Asked, page

FIELDS: Final = ("part_number", "amount", "currency", "period", "valid_from", "valid_until")
SHOWN_WRONG: Final = 1000  # what is wrong is shown so far; a page has an end


@page()
def index(request: Asked) -> HttpResponse:
    return _show(request)


@page()
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return to_file(request.who, prices.export(request.who), "prices", form)


@page(May.LICENSES, methods=("POST",))
def set_one(request: Asked) -> HttpResponse:
    try:
        saved = prices.set_price(request.who, NewPrice(**{key: request.POST.get(key, "") for key in FIELDS}))
    except BadInput as error:
        return _show(request, error)
    amount = f"{prices.write_amount(saved.amount)} {saved.currency}"
    messages.success(request, f"{saved.sku} costs {amount} a {saved.period}.")
    return redirect("/prices")


@page(May.LICENSES, methods=("POST",))
def delete(request: Asked, price_id: int) -> HttpResponse:
    prices.delete_price(request.who, price_id)
    messages.success(request, "The price was deleted.")
    return redirect("/prices")


@page(May.LICENSES, methods=("POST",))
def load_example(request: Asked) -> HttpResponse:
    prices.load_example(request.who)
    messages.success(request, "These are example prices, not yours: they are removed when you import your own.")
    return redirect("/prices")


@page(May.LICENSES, methods=("GET", "POST"))
def upload(request: Asked) -> HttpResponse:
    """Choose a file; it is put aside and looked at on the next page."""
    problem = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        body, name = (file.read(LARGEST_FILE + 1), file.name or "") if file else (b"", "The file")
        try:
            prices.preview(request.who, body, name)
            return redirect(f"/prices/import/{uploads.keep(request.who, body, LARGEST_FILE)}")
        except BadInput as error:
            problem = error.first.sentence
    context = {"problem": problem, "columns": prices.COLUMNS}
    return render(request, "seatkeeper/prices/upload.html", context, status=422 if problem else 200)


@page(May.LICENSES, methods=("GET", "POST"))
def preview(request: Asked, kept: str) -> HttpResponse:
    """The prices and everything that is wrong; on POST they are taken over, whole or not at all."""
    body = uploads.read(request.who, kept)
    if request.method == "POST":
        done = prices.import_prices(request.who, body, "the file")
        uploads.forget(request.who, kept)
        messages.success(request, f"{len(done.prices):,} prices were imported. {done.taken}")
        return redirect("/prices")
    found = prices.preview(request.who, body, "the file")
    context = {
        "rows": [(each, prices.to_date(each.since), prices.to_date(each.until)) for each in found.prices[:SHOWN_WRONG]],
        "good": len(found.prices),
        "wrong": found.errors[:SHOWN_WRONG],
        "notes": found.notes[:SHOWN_WRONG],
        "taken": found.taken,
        "count_wrong": len(found.errors),
    }
    return render(request, "seatkeeper/prices/preview.html", context)


def _show(request: Asked, problem: BadInput | None = None) -> HttpResponse:
    rows, group = prices.list_prices(request.who), request.GET.get("by", "department")
    skus = PricedSkus.of(request.who)
    costs = savings.costs_by(request.who, group)  # refuses a group that there is not
    context = {
        "rows": [(row, skus.label(row.sku), prices.write_amount(row.amount), prices.to_date(row.valid_from),
                  prices.to_date(row.valid_until)) for row in rows],
        "shared": list_shared(request.who),
        "examples": any(row.example for row in rows),
        "may_change": May.LICENSES in request.who.may,
        "known": sorted(prices.list_examples()),
        "periods": prices.PERIODS,
        "problem": problem,
        "typed": request.POST,
        "group": group,
        "group_title": savings.GROUPS[group],
        "groups": savings.GROUPS.items(),
        "missing": costs.missing,
        "costs": costs,
        "shares": costs.shares,
        "months": savings.realised(request.who),
    }  # fmt: skip
    return render(request, "seatkeeper/prices/index.html", context, status=422 if problem else 200)
