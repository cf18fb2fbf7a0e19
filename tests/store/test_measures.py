"""How much room there is, and how much the database takes."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection

from seatkeeper.settings import SEATKEEPER
from seatkeeper.store import measures

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.both_engines
def test_the_database_says_its_size_and_who_is_connected() -> None:
    assert measures.count_bytes() > 10_000
    assert measures.count_connections() >= (1 if connection.vendor == "postgresql" else 0)


def test_of_two_disks_the_fuller_one_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "SEATKEEPER", SEATKEEPER._replace(home=tmp_path))
    file = Path(connection.settings_dict["NAME"]).parent
    room = {tmp_path: 9, file: 5}
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=room.get(folder, 7), total=10))
    found = measures.look_at_disk()
    assert (found.folder, found.free, found.size) == (
        (file, 5, 10) if connection.vendor == "sqlite" else (tmp_path, 9, 10)
    )
