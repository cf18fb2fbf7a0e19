"""While figures are being worked out anew, pages say so and show the new ones by themselves."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.template.loader import render_to_string

from seatkeeper.services import applications, redrawing
from seatkeeper.web.live import Part, stream
from seatkeeper.web.pages import Asked, page


@page()
def events(request: Asked, application_id: int | None = None) -> HttpResponseBase:
    """Of one application, or of all: ends when everything that was changed shows in the figures."""
    if application_id is not None:
        applications.find(request.who, application_id)  # one that is not there is not found now, not in the stream

    def look() -> Part:
        since = redrawing.pending(request.who, application_id)
        return Part(render_to_string("seatkeeper/parts/redrawing_words.html", {"since": since}), ended=since is None)

    return stream(look)
