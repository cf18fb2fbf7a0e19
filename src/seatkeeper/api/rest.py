"""The REST interface as a whole: its groups, who may call, and its description."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from seatkeeper import __version__
from seatkeeper.api import (
    applications,
    connections,
    findings,
    insight,
    look_rounds,
    members,
    notices,
    onboarding,
    organizations,
    people,
    runs,
)
from seatkeeper.api.access import Session, Token
from seatkeeper.api.problems import MEDIA_TYPE, answer_with_problems


class Api(NinjaAPI):
    """Describes refusals as what they are, problem documents, and files as files."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> OpenAPISchema:
        described = super().get_openapi_schema(*args, **kwargs)
        for operations in described["paths"].values():
            for operation in operations.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400:
                        answer["content"] = {MEDIA_TYPE: answer["content"]["application/json"]}
                    elif "application/zip" in answer.get("content", {}):
                        del answer["content"]["application/json"]
        return described


api = Api(
    title="Seatkeeper",
    version=__version__,
    description="Everything that the pages can do. Times are ISO 8601 in UTC; errors are problem documents (RFC 9457).",
    auth=[Token(), Session()],
    docs_url=None,  # ours, both: the usual page loads scripts from another host, and they are built for each call
    openapi_url=None,
    urls_namespace="rest",
)
answer_with_problems(api)
for group in (
    applications,
    connections,
    look_rounds,
    onboarding,
    people,
    findings,
    insight,
    runs,
    members,
    notices,
    organizations,
):
    api.add_router("", group.router, tags=[group.TAG])
