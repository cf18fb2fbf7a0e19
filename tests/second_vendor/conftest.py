"""The second vendor as somebody would use it: a file on this machine, and the pages, REST and commands that read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import calls  # noqa: F401 - a fixture
from tests.second_vendor import PEOPLE, registered
from tests.web.conftest import empty_store, new_member, organization, signed_in  # noqa: F401 - fixtures


@pytest.fixture
def roster_file(tmp_path: Path) -> Path:
    path = tmp_path / "acme.json"
    path.write_text(PEOPLE)
    return path


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    with registered():
        yield
