"""A certificate comes as PEM or as PFX, by a page, REST or a command, and is kept as PEM without its password."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seatkeeper.services import tokens
from seatkeeper.services.members import Role, who_is
from seatkeeper.store import seal
from seatkeeper.store.models import Connection

from ..graph.certificates import certificate, pem, pfx, rsa_key
from .conftest import NewMember, SignedIn
from .test_adding import CLIENT, TENANT, add

KEY = rsa_key()
LASTING = certificate(KEY, end=timedelta(36_500))
WORD = "wörd of the file"
PFX = pfx(KEY, LASTING, [certificate(rsa_key(number=1))], WORD.encode())
FILE = base64.b64decode(PFX)


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.APPLICATIONS)


def stored() -> str:
    connection = Connection.objects.get()
    assert connection.credential_kind == "certificate"
    assert connection.credential_expires is not None
    return seal.open_sealed(bytes(connection.credential), connection.organization_id, connection.pk).reveal()


def upload(browser: Client, body: bytes, **more: Any) -> Any:
    return add(browser, client_secret="", client_certificate=SimpleUploadedFile("c.pfx", body), **more)


def is_key_with_its_certificate(text: str) -> bool:
    key = serialization.load_pem_private_key(text.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return pem(key, LASTING) == text and key.public_key() == KEY.public_key()


def test_a_page_takes_a_pfx_with_its_password_and_keeps_neither(browser: Client) -> None:
    answer = upload(browser, FILE, client_certificate_password=WORD)
    assert answer.status_code == 302, answer.content.decode().split("_error")[1:]
    assert is_key_with_its_certificate(stored())


def test_a_page_takes_pem_whose_key_is_locked(browser: Client) -> None:
    text = pem(KEY, LASTING, password=WORD.encode())
    assert upload(browser, text.encode(), client_certificate_password=WORD).status_code == 302
    assert is_key_with_its_certificate(stored())


@pytest.mark.parametrize(
    ("body", "password", "field", "words"),
    [
        (FILE, "another", "client_certificate_password", "Does not open"),
        (FILE, "", "client_certificate_password", "Is missing"),
        (FILE[:900], WORD, "client_certificate", "damaged"),
        (b"\x30\x82" * 40_000, WORD, "client_certificate", "larger than 64 kB"),
        (base64.b64decode(pfx(None, None, [LASTING], b"x")), "x", "client_certificate", "no private key"),
        (base64.b64decode(pfx(KEY, certificate(KEY), [], None)), "", "client_certificate", "Expired at"),
        (
            base64.b64decode(pfx(KEY, certificate(KEY, timedelta(30_000), timedelta(30_001)), [], None)),
            "",
            "client_certificate",
            "Is valid only from",
        ),
    ],
    ids=["wrong", "missing", "damaged", "large", "no-key", "expired", "not-yet"],
)
def test_a_pfx_that_cannot_be_used_is_refused_at_its_field(
    browser: Client, body: bytes, password: str, field: str, words: str
) -> None:
    answer = upload(browser, body, client_certificate_password=password)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page.split(f'id="id_{field}_error"')[1]
    assert not Connection.objects.exists()
    assert f'value="{password or "none"}"' not in page


def test_a_password_without_its_file_is_refused(browser: Client) -> None:
    page = add(browser, client_certificate_password=WORD).content.decode()
    assert "Give the certificate&#x27;s file" in page.split('id="id_client_certificate_password_error"')[1]
    assert not Connection.objects.exists()


def test_rest_takes_a_pfx_as_base64_with_its_password_among_the_fields(new_member: NewMember) -> None:
    member = who_is(new_member(Role.APPLICATIONS).pk)
    told = {"Authorization": f"Bearer {tokens.make(member, 'script', Role.APPLICATIONS).text.reveal()}"}
    new: dict[str, Any] = {"name": "Project", "tenant_id": TENANT, "client_id": CLIENT, "client_certificate": PFX}

    def post(password: str) -> Any:
        body = json.dumps(new | {"fields": {"client_certificate_password": password}})
        return Client().post("/api/v1/applications", body, content_type="application/json", headers=told)

    refused = post("another")
    assert (refused.status_code, refused.json()["field"]) == (422, "client_certificate_password")
    assert not Connection.objects.exists()
    assert post(WORD).status_code == 201
    assert is_key_with_its_certificate(stored())
