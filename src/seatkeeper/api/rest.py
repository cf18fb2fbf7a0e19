"""The REST interface as a whole: its groups, who may call, and its description."""

from __future__ import annotations

from ninja import NinjaAPI

from seatkeeper import __version__
from seatkeeper.api import applications, findings, members, people, runs
from seatkeeper.api.access import Session, Token
from seatkeeper.api.problems import answer_with_problems

api = NinjaAPI(
    title="Seatkeeper",
    version=__version__,
    description="Everything that the pages can do. Times are ISO 8601 in UTC; errors are problem documents (RFC 9457).",
    auth=[Token(), Session()],
    docs_url=None,  # ours: the usual one loads scripts from another host
    openapi_url="/openapi.json",
    urls_namespace="rest",
)
answer_with_problems(api)
for group in (applications, people, findings, runs, members):
    api.add_router("", group.router, tags=[group.TAG])
