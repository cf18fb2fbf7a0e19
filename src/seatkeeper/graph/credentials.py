"""How an application proves who it is: a secret or a certificate, checked when it is entered."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from typing import Final, NamedTuple

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
_PASSWORD: Final = "client_certificate_password"  # noqa: S105 - the name of a field
LARGEST: Final = 64 * 1024  # characters; a key of 4096 bits with a chain of certificates has 12,000
_LARGEST_PACKED: Final = LARGEST * 7 // 5  # of a PFX file as base64, which has line breaks
_SMALLEST_KEY: Final = 2048  # bits; Microsoft refuses smaller ones


class ClientSecret(msgspec.Struct, frozen=True):
    """A password of the application."""

    client_id: str
    secret: Secret

    def to_msal(self) -> str:
        return self.secret.reveal()


class _Pair(msgspec.Struct, frozen=True):
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def to_msal(self) -> dict[str, str]:
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        certificate = self.certificate.public_bytes(serialization.Encoding.PEM)
        return {"private_key": key.decode(), "public_certificate": certificate.decode()}


class Unlocked(NamedTuple):
    """The key and its certificate as PEM without a password or a chain, and when the certificate ends."""

    pem: Secret
    ends: Instant


class ClientCertificate(msgspec.Struct, frozen=True):
    """A certificate with its private key: PEM text that holds both, or the base64 of a PFX (PKCS#12) file."""

    client_id: str
    pem: Secret
    passphrase: Secret | None = None

    def check(self, now: Instant | None = None) -> Unlocked:
        """Refuse at entry what would fail later; what is to be kept of the rest, and its end for warnings.

        It is opened in a process of its own: a key or a password can be made so that this takes for ever.
        Raises BadInput: no key, password wrong or missing, several keys, not RSA, smaller than 2048 bits, not
        matching, expired, not yet valid.
        """
        now = system_clock() if now is None else now
        text = self.pem.reveal()
        if len(text) > (LARGEST if "-----BEGIN" in text else _LARGEST_PACKED):
            raise BadInput(_FIELD, "is larger than 64 kB. Give only the key and its certificate")
        given = () if self.passphrase is None else (self.passphrase.reveal(),)
        password = [word.encode(errors="replace").decode() for word in given]
        pem, starts, ends = run_apart(
            unlock, text.encode(errors="replace"), *password, kind=tuple[str, int, int], field=_FIELD
        )
        if now >= ends:
            raise BadInput(_FIELD, f"expired at {to_text(ends)}. Make a new one and upload it in Entra")
        if now < starts:
            raise BadInput(_FIELD, f"is valid only from {to_text(starts)}. Check this machine's clock")
        return Unlocked(Secret(pem), ends)

    def to_msal(self) -> dict[str, str]:
        """The form that msal signs with; it computes the SHA-256 thumbprint itself. Raises BadInput."""
        return self.open().to_msal()

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
            with suppress(ValueError, UnsupportedAlgorithm):  # a key of a kind that is not known is not ours
                if certificate.public_key() == key.public_key():
                    return _Pair(key, certificate)
        raise BadInput(_FIELD, "holds a key that belongs to another certificate")


def unlock(text: bytes, password: str | None = None) -> tuple[str, Instant, Instant]:
    """The key with its certificate as PEM without a password, and from when to when it is valid. Raises BadInput."""
    secret = None if password is None else Secret(password)
    pair = ClientCertificate("", Secret(text.decode()), secret).open()
    certificate, parts = pair.certificate, pair.to_msal()
    starts = int(certificate.not_valid_before_utc.astimezone(UTC).timestamp()) * TICKS
    ends = int(certificate.not_valid_after_utc.astimezone(UTC).timestamp()) * TICKS
    return parts["private_key"] + parts["public_certificate"], starts, ends


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
        raise _wrong_password(password) if locked else _unreadable() from None


def _from_pfx(text: str, password: bytes | None) -> tuple[object, list[x509.Certificate]]:
    try:
        packed = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:  # binascii.Error is one
        packed = b""
    if not packed:
        raise BadInput(_FIELD, "is neither PEM text nor a PFX file (in REST its base64)")
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(packed, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # The library has one error for both, and its words alone tell a locked file from what is none.
        raise _wrong_password(password) if "password" in str(error).lower() else _unreadable() from None
    if key is None:
        raise BadInput(_FIELD, "has no private key. Export the PFX file together with its key")
    return key, [*([certificate] if certificate else []), *others]


def _wrong_password(password: bytes | None) -> BadInput:
    if password is None:
        return BadInput(_PASSWORD, "is missing: the certificate's file is locked with a password")
    return BadInput(_PASSWORD, "does not open the certificate's file: it is wrong, or the file is damaged")


def _unreadable() -> BadInput:
    return BadInput(_FIELD, "cannot be read: the file is damaged or of a kind we do not know")
