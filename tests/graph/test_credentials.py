"""A certificate that could never work is refused when it is entered, with the reason."""

from __future__ import annotations

import base64
import textwrap
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES

from seatkeeper import apart
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
    assert set(made(text, passphrase).to_msal()) == {"private_key", "public_certificate"}
    kept, ends = made(text, passphrase).check(NOW)
    assert ends == ENDS
    assert made(kept.reveal()).to_msal() == made(text, passphrase).to_msal()  # and needs no password any more
    assert kept.reveal().count("-----BEGIN") == 2  # the key and its own certificate, without a chain


@pytest.mark.parametrize("algorithm", [PBES.PBESv1SHA1And3KeyTripleDESCBC, PBES.PBESv2SHA256AndAES256CBC])
@pytest.mark.parametrize("hashed", [hashes.SHA1(), hashes.SHA256()], ids=["sha1", "sha256"])
def test_a_pfx_is_opened_however_it_was_locked(algorithm: PBES, hashed: hashes.HashAlgorithm) -> None:
    lock = PrivateFormat.PKCS12.encryption_builder().key_cert_algorithm(algorithm).hmac_hash(hashed)
    assert made(pfx(KEY, certificate(KEY), [], lock.build("wörd ✓".encode())), "wörd ✓").check(NOW).ends == ENDS


def test_a_pfx_that_is_locked_by_endless_rounds_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LONGEST", 2.0)
    packed = bytearray(base64.b64decode(pfx(KEY, certificate(KEY), [], b"word")))
    (check,) = (n for n in range(20, 120) if packed[-n - 2] == 0x30 and packed[-n - 1] == n)  # ends with the rounds
    assert packed[-4:] == b"\x02\x02\x08\x00"
    packed[-check - 1], packed[-4:] = check + 2, b"\x02\x04\x7f\xff\xff\xff"
    packed[2:4] = (int.from_bytes(packed[2:4]) + 2).to_bytes(2)
    with pytest.raises(BadInput, match="Client Certificate: reading it takes more than 2 seconds"):
        made(base64.b64encode(packed).decode(), "word").check(NOW)


def test_a_pfx_of_64_kb_is_opened_and_nothing_larger() -> None:
    chain = [certificate(OTHER)] * 85
    text = pfx(KEY, certificate(KEY), chain, None)
    assert 64_000 < len(base64.b64decode(text)) < 65_536
    assert made("\n".join(textwrap.wrap(text, 76))).check(NOW).ends == ENDS
    with pytest.raises(BadInput, match="larger than 64 kB"):
        made(pfx(KEY, certificate(KEY), chain * 2, None)).check(NOW)


WEAK, CURVED = rsa_key(1024), ec_key()


@pytest.mark.parametrize(
    ("text", "passphrase", "reason"),
    [
        ("", None, "neither PEM"),
        ("not a certificate", None, "neither PEM"),
        ("bm90IGEgcGZ4", None, "damaged"),
        (pfx(KEY, certificate(KEY), [], b"word")[:400], "word", "damaged"),
        (pfx(KEY, certificate(KEY, end=timedelta(0)), [], b"word"), "word", "expired at 2026-08-01T06:00:00Z"),
        (pfx(KEY, certificate(KEY, start=timedelta(seconds=1)), [], None), None, "valid only from 2026-08-01"),
        (pem(certificate(KEY)), None, "no private key"),
        (pem(KEY), None, "no certificate"),
        (pem(KEY, OTHER, certificate(KEY)), None, "more than one private key"),
        (pem(KEY, certificate(OTHER)), None, "another certificate"),
        (pem(KEY, certificate(KEY), password=b"word"), "wrong", "Password: does not open"),
        (pem(KEY, certificate(KEY), password=b"word"), None, "Password: is missing"),
        (pem(KEY, certificate(KEY), password=b"word"), "", "Password: does not open"),
        (pfx(KEY, certificate(KEY), [], b"word"), "wrong", "Password: does not open"),
        (pfx(KEY, certificate(KEY), [], b"word"), None, "Password: is missing"),
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
    with pytest.raises(BadInput, match=f"Client Certificate.*({reason})") as refused:
        made(text, passphrase).check(NOW)
    assert refused.value.first.field == "client_certificate" + "_password" * ("Password" in reason)
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
