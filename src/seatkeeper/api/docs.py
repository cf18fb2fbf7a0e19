"""The description of the REST interface as a page of ours: no script, no other host."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from seatkeeper.api.rest import api


def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with what it takes and gives, from the same description that is served as openapi.json."""
    described = api.get_openapi_schema(path_prefix="/api/v1/")
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append(_to_entry(path, method, operation))
    return render(request, "seatkeeper/rest.html", {"groups": groups})


def _to_entry(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    schemas = [content["schema"].get("$ref", "").rpartition("/")[2] for content in body.values()]
    return {
        "path": path,
        "method": method.upper(),
        "summary": operation["summary"],
        "parameters": operation.get("parameters", []),
        "body": next((name for name in schemas if name), ""),
        "answers": sorted(operation["responses"]),
    }
