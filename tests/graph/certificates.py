"""Certificates of every kind that somebody could paste."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reader")])
NOW = datetime(2026, 8, 1, 6, tzinfo=UTC)


@cache
def rsa_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """The same key for the same question: making one takes long. `number` tells several apart."""
    del number
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(key: Key, start: timedelta = timedelta(-1), end: timedelta = timedelta(30)) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + start)
        .not_valid_after(NOW + end)
        .sign(key, hashes.SHA256())
    )


def pem(*parts: Key | x509.Certificate, password: bytes | None = None) -> str:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    texts = [
        part.public_bytes(serialization.Encoding.PEM)
        if isinstance(part, x509.Certificate)
        else part.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        for part in parts
    ]
    return b"".join(texts).decode()


Lock = serialization.KeySerializationEncryption


def pfx(
    key: Key | None, main: x509.Certificate | None, chain: list[x509.Certificate], password: bytes | Lock | None
) -> str:
    lock = serialization.BestAvailableEncryption(password) if isinstance(password, bytes) else password
    lock = lock or serialization.NoEncryption()
    return base64.b64encode(pkcs12.serialize_key_and_certificates(b"reader", key, main, chain, lock)).decode()
