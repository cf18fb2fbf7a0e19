"""A certificate that could never work is refused when it is entered, with the reason."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from seatkeeper.errors import BadInput
from seatkeeper.graph.token import ClientCertificate
from seatkeeper.model import Secret, to_instant

from .certificates import certificate, ec_key, pem, pfx, rsa_key

NOW = to_instant("2026-08-01T06:00:00Z")
ENDS = to_instant("2026-08-31T06:00:00Z")
KEY, OTHER = rsa_key(), rsa_key(number=1)


def made(text: str, passphrase: str | None = None) -> ClientCertificate:
    return ClientCertificate("client", Secret(text), Secret(passphrase) if passphrase is not None else None)


@pytest.mark.parametrize(
    ("text", "passphrase"),
    [
        (pem(KEY, certificate(KEY)), None),
        (pem(certificate(KEY), KEY), None),
        ("Bag Attributes\n  friendlyName: x\n" + pem(KEY, certificate(KEY)).replace("\n", "\r\n"), None),
        (pem(KEY, certificate(KEY), password=b"word"), "word"),
        (pem(KEY, certificate(KEY)), "not needed"),
        (pem(KEY, certificate(OTHER), certificate(KEY)), None),
        (pfx(KEY, certificate(KEY), [], None), None),
        (pfx(KEY, certificate(KEY), [certificate(OTHER)], b"word"), "word"),
        (pem(rsa_key(3072), certificate(rsa_key(3072))), None),
    ],
)
def test_a_usable_certificate_tells_when_it_ends(text: str, passphrase: str | None) -> None:
    assert made(text, passphrase).check(NOW) == ENDS
    assert set(made(text, passphrase).to_msal()) == {"private_key", "public_certificate"}


WEAK, CURVED = rsa_key(1024), ec_key()


@pytest.mark.parametrize(
    ("text", "passphrase", "reason"),
    [
        ("", None, "neither PEM"),
        ("not a certificate", None, "neither PEM"),
        ("bm90IGEgcGZ4", None, "passphrase|damaged"),
        (pem(certificate(KEY)), None, "no private key"),
        (pem(KEY), None, "no certificate"),
        (pem(KEY, OTHER, certificate(KEY)), None, "more than one private key"),
        (pem(KEY, certificate(OTHER)), None, "another certificate"),
        (pem(KEY, certificate(KEY), password=b"word"), "wrong", "passphrase"),
        (pem(KEY, certificate(KEY), password=b"word"), None, "passphrase"),
        (pem(KEY, certificate(KEY), password=b"word"), "", "passphrase"),
        (pfx(KEY, certificate(KEY), [], b"word"), "wrong", "passphrase"),
        (pfx(KEY, certificate(KEY), [], b"word"), None, "passphrase"),
        (pfx(None, None, [certificate(KEY)], b"word"), "word", "no private key"),
        (pem(WEAK, certificate(WEAK)), None, "1024 bits.*2048"),
        (pem(CURVED, certificate(CURVED)), None, "not RSA"),
        (pem(KEY, certificate(KEY, end=timedelta(0))), None, "expired at 2026-08-01T06:00:00Z"),
        (pem(KEY, certificate(KEY, start=timedelta(seconds=1))), None, "valid only from 2026-08-01T06:00:01Z"),
        (pem(KEY, certificate(KEY)).replace("MII", "XXX"), None, "damaged"),
        (pem(KEY, certificate(KEY)).replace("RIVATE", "UBLIC"), None, "no private key"),
    ],
)
def test_an_unusable_certificate_is_refused_with_the_reason(text: str, passphrase: str | None, reason: str) -> None:
    with pytest.raises(BadInput, match=f"Client Certificate: .*({reason})") as refused:
        made(text, passphrase).check(NOW)
    assert refused.value.first.field == "client_certificate"
    assert "BEGIN" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN A-----\n" * 3000,
        "-----BEGIN PRIVATE KEY-----\n" * 2000,
        "-----BEGIN PRIVATE KEY-----" + "A" * 60_000,
        "".join(f"-----BEGIN A{number}-----\n" for number in range(3000)),
    ],
)
def test_a_text_of_beginnings_costs_a_look_at_each_of_its_lines(text: str) -> None:
    start = time.process_time()
    with pytest.raises(BadInput, match="no private key"):
        made(text).open()
    assert time.process_time() - start < 1


def test_what_is_larger_than_any_certificate_is_not_opened() -> None:
    with pytest.raises(BadInput, match="larger than 64 kB"):
        made("-----BEGIN A-----\n" * 60_000).check()
