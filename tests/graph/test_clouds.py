"""Addresses are checked when they are entered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from seatkeeper.errors import BadInput
from seatkeeper.graph.clouds import CLOUDS, to_endpoints
from tests.graph.certificates import certificate, rsa_key


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
@pytest.mark.parametrize(("field", "title"), [("login_url", "Login URL"), ("graph_url", "Graph URL")])
def test_an_address_that_is_more_or_less_than_a_server_is_refused_by_name(address: str, field: str, title: str) -> None:
    with pytest.raises(BadInput, match=f"{title}: .*https://") as refused:
        to_endpoints("global", **{field: address})
    assert refused.value.first.field == field


def test_an_unknown_cloud_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="global, usgov, dod, china"):
        to_endpoints("moon")


def test_the_authorities_are_pem_text_and_a_path_of_the_server_is_refused_unopened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.pem"
    os.mkfifo(pipe)  # to open it is to wait for ever
    for path in (str(pipe), "/proc/self/fd/4", "/nowhere/ca.pem", str(tmp_path), "not a certificate"):
        with pytest.raises(BadInput, match=r"CA File: is no PEM text\. .*a path of the server is not taken") as refused:
            to_endpoints("global", ca_file=path)
        assert "such file" not in str(refused.value)  # nor is told what is there
    with pytest.raises(BadInput, match=r"CA File: .*no certificate in PEM form"):
        to_endpoints("global", ca_file="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
    with pytest.raises(BadInput, match=r"CA File: .*64 kB"):
        to_endpoints("global", ca_file="-----BEGIN CERTIFICATE-----\n" * 4000)
    pem = certificate(rsa_key()).public_bytes(Encoding.PEM).decode()
    assert to_endpoints("global", ca_file=pem).ca_file == pem


def test_a_cloud_is_itself_by_whichever_of_its_names_it_is_asked() -> None:
    usual, other = CLOUDS["china"].login_url, CLOUDS["china"].aliases[0]
    assert to_endpoints("china", login_url=other).aliases == (usual,)
    assert to_endpoints("china", login_url=usual).aliases == (other,)
    assert to_endpoints("global", login_url=other).aliases == ()
