"""The authorities to trust are text in the database: paths that earlier versions stored are read now, for the last time.

What cannot be read, or holds anything but certificates, stays as it is; a connection that has it is refused with a word
how to mend it.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from django.db import migrations, models

LARGEST = 2**20  # all authorities of a system are a quarter of it


def read_files(apps: Any, _schema: Any) -> None:
    for connection in apps.get_model("store", "Connection").objects.exclude(ca_file=""):
        if "-----BEGIN " not in connection.ca_file and (text := read_certificates(connection.ca_file)):
            connection.ca_file = text
            connection.save(update_fields=["ca_file"])


def read_certificates(path: str) -> str:
    """The text of a file that holds certificates and no key; else nothing."""
    try:
        if not Path(path).is_file():
            return ""
        with Path(path).open("rb") as file:
            text = file.read(LARGEST + 1).decode("ascii")
        if len(text) > LARGEST or "PRIVATE KEY" in text:
            return ""
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (OSError, ValueError):
        return ""
    return "\n".join(line.strip() for line in text.strip().splitlines())


class Migration(migrations.Migration):
    dependencies = [("store", "0027_held_until")]

    operations = [
        migrations.RunPython(read_files, migrations.RunPython.noop),
        migrations.AlterField(
            "connection",
            "ca_file",
            models.TextField(
                blank=True,
                default="",
                help_text="Certificates to trust instead of the public ones, as PEM text.",
            ),
        ),
    ]
