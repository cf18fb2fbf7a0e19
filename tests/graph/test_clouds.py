"""Addresses are checked when they are entered."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatkeeper.errors import BadInput
from seatkeeper.graph.clouds import CLOUDS, to_endpoints


def test_every_cloud_has_its_own_servers_and_scope() -> None:
    assert set(CLOUDS) == {"global", "usgov", "dod", "china"}
    for name in CLOUDS:
        cloud = to_endpoints(name)
        assert cloud.scope == f"{cloud.graph_url}/.default"
        assert cloud.login_url.startswith("https://login.")


def test_own_addresses_replace_the_clouds_and_keep_its_scope() -> None:
    made = to_endpoints("global", "https://Login.Example.org:8443/", "https://127.0.0.1:8443")
    assert made.login_url == "https://login.example.org:8443"
    assert made.graph_url == "https://127.0.0.1:8443"
    assert made.scope == "https://graph.microsoft.com/.default"


def test_one_address_may_be_given_alone() -> None:
    assert to_endpoints("china", graph_url="https://graph.example.org").login_url == CLOUDS["china"].login_url
    assert to_endpoints("china", login_url="https://login.example.org").aliases == ()


@pytest.mark.parametrize(
    "address",
    [
        "http://login.example.org",
        "login.example.org",
        "https://user@login.example.org",
        "https://user:word@login.example.org",
        "https://login.example.org/path",
        "https://login.example.org/?",
        "https://login.example.org?x=1",
        "https://login.example.org#x",
        "https://",
        "https://log in.example.org",
        "https://login.example.org\\x",
        "https://login.example.org:port",
        "https://login\u3002example.org",
        "https://login.example.org\n",
        "https://%6cogin.example.org",
    ],
)
@pytest.mark.parametrize("field", ["Login URL", "Graph URL"])
def test_an_address_that_is_more_or_less_than_a_server_is_refused_by_name(address: str, field: str) -> None:
    given = {"Login URL": "login_url", "Graph URL": "graph_url"}[field]
    with pytest.raises(BadInput, match=f"{field}: .*https://") as refused:
        to_endpoints("global", **{given: address})
    assert refused.value.field == field


def test_an_unknown_cloud_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="global, usgov, dod, china"):
        to_endpoints("moon")


def test_a_ca_file_that_cannot_be_used_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"CA File: .*no such file"):
        to_endpoints("global", ca_file=str(tmp_path / "none.pem"))
    with pytest.raises(BadInput, match=r"CA File: .*directory|CA File: .*no certificate"):
        to_endpoints("global", ca_file=str(tmp_path))
    empty = tmp_path / "empty.pem"
    empty.write_text("not a certificate")
    with pytest.raises(BadInput, match=r"CA File: .*no certificate in PEM form"):
        to_endpoints("global", ca_file=str(empty))
