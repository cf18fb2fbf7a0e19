"""Reclaim plans: propose, review, approve, download, note answers, watch the outcome."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput
from seatkeeper.services import reclaim, reclaim_scripts, savings
from seatkeeper.services.listings.base import Question
from seatkeeper.services.members import May
from seatkeeper.web.applications.index import frame
from seatkeeper.web.frame.pages import Asked, page

# How each part of what could be saved is: see services/savings.could_save.
HOW: Final = ("with a reclaim plan", "delete the account permanently, under Deleted users", "buy fewer seats")


@page(May.SEE, methods=("GET",))
def plans(request: Asked, application_id: int) -> HttpResponse:
    return _show_plans(request, application_id)


@page(May.LICENSES, methods=("POST",))
def propose(request: Asked, application_id: int) -> HttpResponse:
    try:
        plan = reclaim.propose(request.who, application_id, request.POST.get("name", ""), request.POST.getlist("sku"))
    except BadInput as error:
        return _show_plans(request, application_id, error)
    return redirect(f"/plans/{plan.pk}")


@page()
def plan(request: Asked, plan_id: int) -> HttpResponse:
    found, asked = reclaim.find_plan(request.who, plan_id), Question.read(dict(request.GET.lists()), ())
    total = found.items.count()
    context = {
        "plan": found,
        "items": reclaim.list_items(request.who, found, (asked.page - 1) * asked.size, asked.size),
        "page": asked.page,
        "pages": max(1, -(-total // asked.size)),
        "total": total,
        "outcome": reclaim.outcome(request.who, found),
        "of_groups": reclaim.of_groups(request.who, found).count(),
        "may_decide": May.LICENSES in request.who.may,
    }
    return render(request, "seatkeeper/plans/plan.html", context)


@page(May.LICENSES, methods=("POST",))
def review(request: Asked, plan_id: int) -> HttpResponse:
    """Of the page's seats keep the ticked ones, then go where the button leads; with one of them, approve it all."""
    keep, among = ([int(pk) for pk in request.POST.getlist(name) if _is_number(pk)] for name in ("keep", "among"))
    stays, then = reclaim.review(request.who, plan_id, keep, among), request.POST.get("then", "")
    if then == "approve":
        reclaim.approve(request.who, plan_id)
        messages.success(request, f"Approved: {stays:,} seats. The scripts and e-mails are ready to download.")
        return redirect(f"/plans/{plan_id}")
    messages.success(request, f"Saved. {stays:,} seats are ticked in the whole plan.")
    return _back(request, plan_id, {"previous": -1, "next": 1}.get(then, 0))


@page(May.LICENSES, methods=("POST",))
def close(request: Asked, plan_id: int) -> HttpResponse:
    reclaim.close(request.who, plan_id)
    messages.success(request, "The plan was closed: its seats are no longer watched.")
    return redirect(f"/plans/{plan_id}")


@page(May.LICENSES, methods=("POST",))
def answer(request: Asked, plan_id: int, item_id: int) -> HttpResponse:
    """What the holder said."""
    item = reclaim.note_answer(request.who, plan_id, item_id, request.POST.get("answer", ""))
    messages.success(request, f"{item.user_id}: {item.answer or 'no answer'}.")
    return _back(request, plan_id)


@page(May.LICENSES)
def script(request: Asked, plan_id: int, kind: str) -> HttpResponseBase:
    """A script to read and to run, as a file."""
    name, text = reclaim_scripts.write_script(request.who, plan_id, kind)
    return _to_download(text.encode(), f"plan-{plan_id}-{name}", "text/plain; charset=utf-8")


@page(May.LICENSES)
def mails(request: Asked, plan_id: int) -> HttpResponseBase:
    """A draft to each holder, as a file of files."""
    return _to_download(
        reclaim_scripts.write_mails(request.who, plan_id), f"plan-{plan_id}-mails.zip", "application/zip"
    )


def _to_download(body: bytes, name: str, type_: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": "sandbox"}
    return HttpResponse(body, content_type=type_, headers=headers)


def _show_plans(request: Asked, application_id: int, problem: BadInput | None = None) -> HttpResponse:
    head = frame(request, application_id, "findings")
    found = reclaim.list_plans(request.who, application_id)
    skus = reclaim.list_skus(request.who, application_id)
    parts = savings.could_save(request.who, application_id)
    context = {
        "parts": zip(parts, HOW, strict=True),
        "total": savings.add_up(parts),
        "months": savings.realised(request.who, which=application_id),
        "plans": [(each, reclaim.outcome(request.who, each)) for each in found],
        "skus": skus,
        "may_decide": May.LICENSES in request.who.may,
        "problem": problem,
        "typed": request.POST,
        **head,
    }
    return render(request, "seatkeeper/plans/index.html", context, status=422 if problem else 200)


def _back(request: Asked, plan_id: int, step: int = 0) -> HttpResponse:
    """To the page of the plan that was looked at, or one beside it."""
    page = request.POST.get("page", "")
    number = int(page) + step if _is_number(page) else 1
    return redirect(f"/plans/{plan_id}" + (f"?page={number}" if number > 1 else ""))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18
