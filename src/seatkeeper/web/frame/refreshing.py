"""While figures are being recalculated, pages say so and show the new ones by themselves."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.template.loader import render_to_string

from seatkeeper.services import applications, refreshes
from seatkeeper.web.frame.live import Part, stream
from seatkeeper.web.frame.pages import Asked, page


@page()
def events(request: Asked, application_id: int | None = None) -> HttpResponseBase:
    """Of one application, or of all: ends when everything that was changed shows in the figures."""
    if application_id is not None:
        applications.find(request.who, application_id)  # one that is not there is not found now, not in the stream

    def look() -> Part:
        since = refreshes.pending(request.who, application_id)
        return Part(render_to_string("seatkeeper/parts/refreshing_words.html", {"since": since}), ended=since is None)

    return stream(request.who, look)
