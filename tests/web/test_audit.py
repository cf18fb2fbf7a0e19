"""The audit trail as a page, and saved views on it, which every listing has."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.test import Client

from seatkeeper.errors import BadInput
from seatkeeper.services import audit, memberships, tokens, views
from seatkeeper.services.members import Role, Who, operator, who_is
from seatkeeper.store.models import AuditEvent, Organization, SavedView

from .conftest import NewMember, SignedIn


@pytest.fixture
def who(new_member: NewMember) -> Who:
    return who_is(new_member().pk)


def exported(client: Client, address: str) -> list[list[str]]:
    answer = client.get(address)
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))[1:]  # type: ignore[attr-defined]


def test_it_lists_who_did_what_newest_first_and_filters(signed_in: SignedIn, who: Who) -> None:
    memberships.invite(who, "bob@example.com", Role.VIEWER)
    tokens.make(who, "script", Role.VIEWER)
    audit.record(operator(), "application.added", "Project")
    client = signed_in()
    rows = exported(client, "/audit/export.csv?action=token&action=application")
    assert [row[2] for row in rows] == ["application.added", "token.made"]
    rows = exported(client, f"/audit/export.csv?who={who.name}")
    assert {row[1] for row in rows} == {who.name}
    assert [row[2] for row in rows] == ["token.made", "member.invited"]
    page = client.get("/audit", {"who": "command line"}).content
    assert b"application.added" in page
    assert b"token.made" not in page
    assert client.get("/audit?who=nobody@example.com").status_code == 422


def test_what_a_token_did_counts_as_its_members(signed_in: SignedIn, who: Who) -> None:
    caller = tokens.who_has(tokens.make(who, "script", Role.VIEWER).text.reveal())
    assert caller is not None
    audit.record(caller, "run.asked", "Roster")
    assert [row[2] for row in exported(signed_in(), f"/audit/export.csv?who={who.name}&action=run")] == ["run.asked"]


def test_another_organizations_trail_is_not_there(
    signed_in: SignedIn, who: Who, other_organization: Organization
) -> None:
    memberships.invite(who, "bob@example.com", Role.VIEWER)
    client = signed_in(Role.ADMINISTER, other_organization)
    assert b"bob@example.com" not in client.get("/audit").content
    assert "member.invited" not in {row[2] for row in exported(client, "/audit/export.csv")}
    assert who.name.encode() not in client.get("/audit").content, "nor in its filter"


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "\u202egnp.exe", "a\x00b", "x" * 1_000_000]
)
def test_hostile_names_are_harmless_in_the_page_and_in_every_file(signed_in: SignedIn, who: Who, name: str) -> None:
    audit.record(who, "person.read", name.replace("\x00", ""), "detail")
    client = signed_in()
    page = client.get("/audit").content
    assert b"<script>alert" not in page
    assert "\u202e".encode() not in page
    assert len(page) < 200_000
    assert not any(cell.startswith("=") for row in exported(client, "/audit/export.csv") for cell in row)
    said = json.loads(b"".join(client.get("/audit/export.json").streaming_content))  # type: ignore[attr-defined]
    assert said
    sheet = client.get("/audit/export.xlsx")
    assert b"".join(sheet.streaming_content).startswith(b"PK")  # type: ignore[attr-defined]


def test_a_member_keeps_a_view_and_finds_it_in_the_listing(database: object, signed_in: SignedIn) -> None:
    client, other = signed_in(), signed_in()
    form = {"listing": "audit", "name": "<b>Tokens</b>", "query": "?action=token", "back": "/audit"}
    assert client.post("/views", form).headers["Location"] == "/audit?action=token"
    shown = client.get("/audit").content
    assert b'href="/audit?action=token"' in shown
    assert b"&lt;b&gt;Tokens" in shown
    assert b"&lt;b&gt;Tokens" not in other.get("/audit").content, "a view is its member's own"
    view = SavedView.objects.get()
    assert other.post(f"/views/{view.pk}/delete", {"back": "/audit"}).status_code == 404
    assert client.post(f"/views/{view.pk}/delete", {"back": "/audit"}).headers["Location"] == "/audit"
    assert not SavedView.objects.exists()


def test_keeping_a_view_again_under_its_name_replaces_it(who: Who) -> None:
    for query in ("?q=a", "?q=b"):
        views.keep(who, "audit", "mine", query)
    assert [view.query for view in views.rows(who, "audit")] == ["?q=b"]


@pytest.mark.parametrize(
    ("listing", "name", "query"),
    [
        ("audit", "", "?q=x"),
        ("audit", "x" * 81, "?q=x"),
        ("audit", "x", "https://evil.example/"),
        ("audit", "x", "//evil.example"),
        ("audit", "x", "?" + "x" * 2000),
        ("audit", "x", "?q=\x00"),
        ("../x", "x", "?q=x"),
        ("", "x", "?q=x"),
    ],
)
def test_a_view_that_is_no_view_is_not_kept(who: Who, listing: str, name: str, query: str) -> None:
    with pytest.raises(BadInput):
        views.keep(who, listing, name, query)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""])
def test_after_keeping_a_view_the_reader_stays_here(signed_in: SignedIn, back: str) -> None:
    form = {"listing": "audit", "name": "x", "query": "?q=x", "back": back}
    assert signed_in().post("/views", form).headers["Location"] == "/"


def test_the_trail_cannot_be_changed_from_a_page(signed_in: SignedIn, who: Who) -> None:
    audit.record(who, "person.read", "Ada")
    client = signed_in()
    for method in (client.post, client.put, client.delete, client.patch):
        assert method("/audit").status_code == 405
    assert AuditEvent.objects.filter(action="person.read").count() == 1
