"""Paths of authorities that earlier versions stored are read once; what is no plain certificate stays."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import trustme

from seatkeeper.store import migrate
from seatkeeper.store.models import Connection
from tests.upgrade.old import make_row

pytestmark = pytest.mark.deep

BEFORE: Final = ("store", "0025_log_since")


def test_a_stored_path_becomes_the_text_of_its_certificates_and_nothing_else_is_taken_in(
    old: Any, tmp_path: Path
) -> None:
    authority = trustme.CA()
    pem = authority.cert_pem.bytes().decode()
    key = authority.private_key_pem.bytes().decode()
    files = {"ca.pem": pem, "key.pem": pem + key, "secret": "a secret of the server"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    organization = make_row(old, "Organization", name="Old", created=0)
    make = partial(make_row, old, "Connection", organization=organization)
    make(tenant_id="text", ca_file=pem)
    make(tenant_id="none", ca_file="")
    for name in (*files, "gone.pem", "."):
        make(tenant_id=name, ca_file=str(tmp_path / name))
    migrate()
    stored = dict(Connection.objects.values_list("tenant_id", "ca_file"))
    assert stored["ca.pem"] == pem.strip()
    assert (stored["text"], stored["none"]) == (pem, "")
    for name in ("key.pem", "secret", "gone.pem", "."):
        assert stored[name] == str(tmp_path / name)
