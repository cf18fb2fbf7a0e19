"""How an application proves who it is: a secret or a certificate, checked when it is entered."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from seatkeeper.apart import run_apart
from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput
from seatkeeper.model import TICKS, Instant, Secret, to_text

_FIELD: Final = "client_certificate"
LARGEST: Final = 64 * 1024  # characters; a key of 4096 bits with a chain of certificates has 12,000
_SMALLEST_KEY: Final = 2048  # bits; Microsoft refuses smaller ones


class ClientSecret(msgspec.Struct, frozen=True):
    """A password of the application."""

    client_id: str
    secret: Secret


class _Pair(msgspec.Struct, frozen=True):
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate


class ClientCertificate(msgspec.Struct, frozen=True):
    """A certificate with its private key: PEM text that holds both, or the base64 of a PFX (PKCS#12) file."""

    client_id: str
    pem: Secret
    passphrase: Secret | None = None

    def check(self, now: Instant | None = None) -> Instant:
        """Refuse at entry what would fail later, and say when the certificate ends, for warnings.

        It is opened in a process of its own: a key or a passphrase can be made so that this takes for ever.
        Raises BadInput: no key, wrong passphrase, several keys, not RSA, smaller than 2048 bits, not
        matching, expired, not yet valid.
        """
        now = system_clock() if now is None else now
        text = self.pem.reveal()
        if len(text) > LARGEST:
            raise BadInput(_FIELD, "is larger than 64 kB. Give only the key and its certificate")
        passphrase = () if self.passphrase is None else (self.passphrase.reveal(),)
        starts, ends = run_apart(
            read_validity, text.encode(errors="replace"), *passphrase, kind=tuple[int, int], field=_FIELD
        )
        if now >= ends:
            raise BadInput(_FIELD, f"expired at {to_text(ends)}. Make a new one and upload it in Entra")
        if now < starts:
            raise BadInput(_FIELD, f"is valid only from {to_text(starts)}. Check this machine's clock")
        return ends

    def to_msal(self) -> dict[str, str]:
        """The form that msal signs with; it computes the SHA-256 thumbprint itself. Raises BadInput."""
        pair = self.open()
        key = pair.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        certificate = pair.certificate.public_bytes(serialization.Encoding.PEM)
        return {"private_key": key.decode(), "public_certificate": certificate.decode()}

    def open(self) -> _Pair:
        """The key and the certificate that belongs to it. Raises BadInput."""
        text = self.pem.reveal()
        password = self.passphrase.reveal().encode() if self.passphrase is not None else None
        key, certificates = _from_pem(text, password) if "-----BEGIN" in text else _from_pfx(text, password)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise BadInput(_FIELD, "has a key that is not RSA. Microsoft takes RSA keys of 2048 bits or more")
        if key.key_size < _SMALLEST_KEY:
            raise BadInput(_FIELD, f"has a key of {key.key_size} bits. Microsoft takes RSA keys of 2048 bits or more")
        if not certificates:
            raise BadInput(_FIELD, "holds a key but no certificate. Give both in one text")
        for certificate in certificates:  # a chain may come along; the one of our key is the application's
            if certificate.public_key() == key.public_key():
                return _Pair(key, certificate)
        raise BadInput(_FIELD, "holds a key that belongs to another certificate")


def read_validity(pem: bytes, passphrase: str | None = None) -> tuple[Instant, Instant]:
    """From when to when the certificate is valid. Raises BadInput."""
    secret = None if passphrase is None else Secret(passphrase)
    certificate = ClientCertificate("", Secret(pem.decode()), secret).open().certificate
    starts = int(certificate.not_valid_before_utc.astimezone(UTC).timestamp()) * TICKS
    return starts, int(certificate.not_valid_after_utc.astimezone(UTC).timestamp()) * TICKS


def list_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Label and text of every PEM block, in one pass over the lines; one that does not end is none."""
    label, lines = "", list[str]()
    for line in text.splitlines():
        mark = line.strip()
        if mark.startswith("-----BEGIN ") and mark.endswith("-----"):
            label, lines = mark[11:-5], [mark]
        elif label:
            lines.append(mark)
            if mark == f"-----END {label}-----":
                yield label, "\n".join(lines)
                label = ""


def _from_pem(text: str, password: bytes | None) -> tuple[object, list[x509.Certificate]]:
    blocks = list(list_blocks(text))
    keys = [block for label, block in blocks if label.endswith("PRIVATE KEY")]
    if not keys:
        raise BadInput(_FIELD, "has no private key. Give the PEM text of the key and of the certificate together")
    if len(keys) > 1:
        raise BadInput(_FIELD, "has more than one private key. Give the one that belongs to the certificate")
    locked = "ENCRYPTED" in keys[0]
    try:
        key = serialization.load_pem_private_key(keys[0].encode(), password if locked else None)
        found = [block for label, block in blocks if label == "CERTIFICATE"]
        return key, [x509.load_pem_x509_certificate(block.encode()) for block in found]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _unreadable(locked=locked) from None


def _from_pfx(text: str, password: bytes | None) -> tuple[object, list[x509.Certificate]]:
    try:
        packed = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:  # binascii.Error is one
        packed = b""
    if not packed:
        raise BadInput(_FIELD, "is neither PEM text nor the base64 of a PFX file")
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(packed, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _unreadable(locked=True) from None
    if key is None:
        raise BadInput(_FIELD, "has no private key. Export the PFX file together with its key")
    return key, [*([certificate] if certificate else []), *others]


def _unreadable(*, locked: bool) -> BadInput:
    if locked:
        return BadInput(_FIELD, "cannot be opened: the passphrase is wrong or missing, or the text is damaged")
    return BadInput(_FIELD, "cannot be read: the text is damaged or of a kind we do not know")
