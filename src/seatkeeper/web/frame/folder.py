"""Seatkeeper in a folder of its public address, such as https://example.com/seatkeeper.

Inside, every address begins at the root, so that no page, form or redirect need know of the folder. It is taken off a
request at the door, and put before every address of ours in what goes out. The proxy may take it off as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from seatkeeper.settings import SEATKEEPER

# In a page that a template has made, such a quote is markup: those of text and values are escaped.
_ADDRESS: Final = re.compile(rb'(\s(?:href|action|formaction|src|data-live)=")/(?!/)')


def in_a_folder(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware outside of all that reads an address."""
    folder = SEATKEEPER.address.folder
    if not folder:
        raise MiddlewareNotUsed

    def dress(page: bytes) -> bytes:
        return _ADDRESS.sub(rb"\g<1>" + folder.encode() + b"/", page)

    def answer(request: HttpRequest) -> HttpResponseBase:
        if f"{request.path_info}/".startswith(f"{folder}/"):
            request.path = request.path_info = request.path_info.removeprefix(folder) or "/"
        response = get_response(request)
        if (place := response.headers.get("Location", "")).startswith("/") and not place.startswith("//"):
            response["Location"] = folder + place
        for cookie in response.cookies.values():
            cookie["path"] = folder + cookie["path"]
        kind = response.headers.get("Content-Type", "")
        if isinstance(response, HttpResponse) and kind.startswith("text/html"):
            response.content = dress(response.content)
            if "Content-Length" in response:
                response["Content-Length"] = str(len(response.content))
        elif isinstance(response, StreamingHttpResponse) and kind.startswith("text/event-stream"):
            response.streaming_content = map(dress, iter(response))
        return response

    return answer
