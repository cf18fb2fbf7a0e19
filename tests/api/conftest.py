"""Callers of the REST interface: a script with a token of a role, in our organization or in somebody else's."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seatkeeper.services import tokens
from seatkeeper.services.members import Role, who_is
from seatkeeper.store.models import Operator, Organization
from tests.web.conftest import (  # noqa: F401 - fixtures
    NewMember,
    empty_store,
    new_member,
    organization,
    other_organization,
    signed_in,
)


class Caller:
    """Calls with one token; answers are (status, JSON)."""

    def __init__(self, token: str | None) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.generic(
            method, f"/api/v1{path}", body if isinstance(body, bytes) else _json(body), "application/json",
            headers=self.headers,
        )  # fmt: skip
        is_json = answer.headers.get("Content-Type", "").partition(";")[0].endswith("json")
        return answer.status_code, answer.json() if is_json and answer.content else answer.content or None

    def upload(self, path: str, body: bytes) -> tuple[int, Any]:
        """A file, as a form sends it."""
        form = {"file": SimpleUploadedFile("file.csv", body, "text/csv")}
        answer = self.client.post(f"/api/v1{path}", form, headers=self.headers)
        return answer.status_code, answer.json() if answer.content else None

    def get(self, path: str) -> tuple[int, Any]:
        return self.call("GET", path)


def _json(body: Any) -> bytes:
    import json

    return b"" if body is None else json.dumps(body).encode()


class Calls(Protocol):
    def __call__(
        self,
        role: Role = ...,
        organization: Organization | None = ...,  # noqa: F811
        *,
        operates: bool = ...,
    ) -> Caller: ...


@pytest.fixture
def calls(new_member: NewMember) -> Calls:  # noqa: F811
    """A script of a new member with the role, who may be an operator as well."""

    def make(
        role: Role = Role.ADMINISTER,
        organization: Organization | None = None,  # noqa: F811
        *,
        operates: bool = False,
    ) -> Caller:
        member = new_member(role, organization)
        if operates:
            Operator.objects.create(member=member, created=0)
        made = tokens.make(who_is(member.pk), "test", role.value, operates=operates)
        return Caller(made.text.reveal())

    return make
