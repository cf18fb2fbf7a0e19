"""Notices: what somebody should know, and the targets that they are sent to."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from seatkeeper.errors import BadInput, TryLater
from seatkeeper.services import notice_targets
from seatkeeper.services.listings import notices as listed
from seatkeeper.services.members import May
from seatkeeper.services.notice_targets import KINDS, NewTarget
from seatkeeper.web.frame.forms import attempt
from seatkeeper.web.frame.listings import export, listing_page
from seatkeeper.web.frame.pages import Asked, page


class TargetForm(forms.Form):
    """What must be right of an address, the service says."""

    name = forms.CharField(label="Name", max_length=80, widget=forms.TextInput({"class": "form-control"}))
    kind = forms.ChoiceField(
        label="Type",
        choices=[("apprise", "E-mail, Slack or Teams"), ("webhook", "Webhook (signed CloudEvents)")],
        widget=forms.Select({"class": "form-select"}),
    )
    address = forms.CharField(
        label="Address",
        max_length=2000,
        widget=forms.PasswordInput({"class": "form-control", "autocomplete": "off"}),
        help_text="mailto://, mailtos://, slack://, workflows:// (Teams), https:// for a webhook. Not shown again.",
    )
    conditions = forms.MultipleChoiceField(
        label="Kinds of notice (none ticked: all)",
        choices=[(kind.key, kind.title) for kind in KINDS],
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
    )


@page()
def index(request: Asked) -> HttpResponse:
    may_manage = May.MEMBERS in request.who.may
    targets = notice_targets.list_targets(request.who) if may_manage else []
    context = {"may_manage": may_manage, "targets": targets}
    return listing_page(request, "seatkeeper/notices.html", listed.LISTING, listed.rows(request.who), **context)


@page()
def export_index(request: Asked, form: str) -> HttpResponseBase:
    return export(request, listed.LISTING, listed.rows(request.who), form)


@page(May.MEMBERS, methods=("GET", "POST"))
def add(request: Asked) -> HttpResponse:
    form = TargetForm(request.POST or None)
    added = attempt(form, lambda **new: notice_targets.add(request.who, NewTarget(**new))) if form.is_bound else None
    if added is not None and added.secret is not None:
        return render(request, "seatkeeper/notice_secret.html", {"added": added})
    if added is not None:
        return _back(request, f"“{added.target.name}” was added. Test it now.")
    return render(request, "seatkeeper/notice_target.html", {"form": form}, status=422 if form.errors else 200)


@page(May.MEMBERS, methods=("POST",))
def test(request: Asked, target_id: int) -> HttpResponse:
    try:
        notice_targets.test(request.who, target_id)
    except (BadInput, TryLater) as error:
        why = error.first.message if isinstance(error, BadInput) else str(error)
        messages.error(request, f"The test was not sent: {why}")
        return redirect("/notices")
    return _back(request, "The test was sent.")


@page(May.MEMBERS, methods=("POST",))
def pause(request: Asked, target_id: int) -> HttpResponse:
    notice_targets.set_active(request.who, target_id, active=False)
    return _back(request, "The target was paused.")


@page(May.MEMBERS, methods=("POST",))
def resume(request: Asked, target_id: int) -> HttpResponse:
    notice_targets.set_active(request.who, target_id, active=True)
    return _back(request, "The target was resumed: it receives notices from now on.")


@page(May.MEMBERS, methods=("POST",))
def delete(request: Asked, target_id: int) -> HttpResponse:
    notice_targets.delete(request.who, target_id)
    return _back(request, "The target was deleted.")


def _back(request: Asked, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect("/notices")
