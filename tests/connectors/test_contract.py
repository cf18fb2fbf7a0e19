"""Both vendors that the tests know hold the contract: Microsoft, over HTTPS, and one that is a JSON file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seatkeeper.connectors.microsoft.vendor import MICROSOFT
from seatkeeper.sandbox.serve import Sandbox
from tests.connectors.contract import VendorContract, World
from tests.people import NOW
from tests.second_vendor import PAPER, PEOPLE


@pytest.fixture(scope="module")
def microsoft() -> Iterator[World]:
    with Sandbox(people=40, days=20, now=NOW) as tenant:
        typed = {
            "tenant_id": tenant.tenant_id,
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "login_url": tenant.login_url,
            "graph_url": tenant.graph_url,
            "ca_file": Path(tenant.ca_file).read_text(),
        }
        yield World(MICROSOFT, typed, nobody="00000000-1111-4222-8333-444444444444")


class TestMicrosoft(VendorContract):
    @pytest.fixture
    def world(self, microsoft: World) -> World:
        return microsoft


class TestSecondVendor(VendorContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        (tmp_path / "acme.json").write_text(PEOPLE)
        return World(PAPER, {"path": str(tmp_path / "acme.json")}, nobody="nobody")
