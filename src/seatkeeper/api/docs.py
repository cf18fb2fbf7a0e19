"""The description of the REST interface, for machines and as a page of ours: no script, no other host.

Building it takes a second, so it is built once. It is for members; before there is one, for whoever sets this up.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from seatkeeper.api.access import Session, Token
from seatkeeper.api.problems import nobody
from seatkeeper.api.rest import api
from seatkeeper.services import setup
from seatkeeper.settings import SEATKEEPER


def description(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_as_json(), content_type="application/json") if _may_read(request) else nobody()


def docs(request: HttpRequest) -> HttpResponseBase:
    """Every operation with what it takes and gives, from the same description that is served as openapi.json."""
    if not _may_read(request):
        return redirect_to_login(request.path)
    return render(request, "seatkeeper/rest.html", {"groups": _groups(), "url": SEATKEEPER.address.url})


def _may_read(request: HttpRequest) -> bool:
    return any(way(request) for way in (Token(), Session())) or setup.is_needed()


@cache
def _described() -> dict[str, Any]:
    return api.get_openapi_schema(path_prefix=f"{SEATKEEPER.address.folder}/api/v1/")


@cache
def _as_json() -> bytes:
    return json.dumps(_described()).encode()


@cache
def _groups() -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in _described()["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {})
            schemas = [content["schema"].get("$ref", "").rpartition("/")[2] for content in body.values()]
            entry = {
                "path": path,
                "method": method.upper(),
                "summary": operation["summary"],
                "parameters": operation.get("parameters", []),
                "body": next((name for name in schemas if name), ""),
                "answers": sorted(operation["responses"]),
            }
            groups.setdefault(operation["tags"][0], []).append(entry)
    return groups
