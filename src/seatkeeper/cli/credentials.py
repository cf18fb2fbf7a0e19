"""Credentials as commands take them: from files or a prompt, never as an argument that a process list shows."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from seatkeeper.cli.screen import clean, say


def read_credential(path: Path | None, field: str, *, binary: bool = False) -> str | None:
    if path is None:
        return None
    from seatkeeper.services.credential_files import is_readable_by_others, read_credential_file

    text = read_credential_file(path, field, binary=binary)
    if is_readable_by_others(path):
        say(f"Warning: other users of this machine can read {path}. Run `chmod 600 {path}`, or delete it now.")
    return text


def read_authorities(path: Path | None) -> str | None:
    """The text of the file: the server trusts what it was given, and opens no path that somebody names."""
    from seatkeeper.services.credential_files import read_credential_file

    return None if path is None else read_credential_file(path, "ca_file")


def read_fields(given: Sequence[str], password_file: Path | None, secret_expires: str | None) -> dict[str, str]:
    """What was given by the keys of the vendor's form: KEY=VALUE, or KEY=@FILE for the text of a file."""
    from seatkeeper.errors import BadInput

    fields = {}
    for text in given:
        key, sign, value = text.partition("=")
        if not sign:
            raise BadInput("--field", f"{text[:40]!r} is not of the form KEY=VALUE.")
        fields[key] = (read_credential(Path(value[1:]), "--field") or "") if value.startswith("@") else value
    if (password := read_credential(password_file, "--client-certificate-password-file")) is not None:
        fields["client_certificate_password"] = password
    if secret_expires is not None:
        fields["client_secret_expires"] = secret_expires
    return fields


def ask_secret() -> str:
    from seatkeeper.errors import BadInput

    if not sys.stdin.isatty():
        raise BadInput("--client-secret-file", "no credential was given. Name a file that holds the secret's value.")
    answer: str = typer.prompt("Client secret (value)", hide_input=True, err=True)
    return answer


def confirm_addresses(own: Mapping[str, str]) -> None:
    """Say where a new credential is sent when that is not the vendor; on a terminal somebody has to agree."""
    from seatkeeper.services.addresses import in_words

    if own:
        say(f"The credential is sent to this connection's own addresses: {clean(in_words(own))}.")
        if sys.stdin.isatty():
            typer.confirm("Is this where it belongs?", abort=True, err=True)
