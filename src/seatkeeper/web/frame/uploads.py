"""A file that somebody chose in a form."""

from __future__ import annotations

from django.http import HttpRequest

from seatkeeper.errors import BadInput


def read_file(request: HttpRequest, largest: int) -> bytes:
    """What is in it. Raises BadInput where none was chosen, or one of more than so many bytes."""
    file = request.FILES.get("file")
    if file is None or file.size is None:
        raise BadInput("file", "Choose a file.")
    if file.size > largest:
        raise BadInput("file", f"The file is larger than {largest >> 20} MB.")
    content: bytes = file.read()
    return content
