"""The public address, the proxy and the provider: read as people write them, nonsense refused by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seatkeeper.cli import start
from seatkeeper.errors import BadSetting
from seatkeeper.settings import address as settings
from seatkeeper.settings import operation, reader, upkeep

from .test_reader import read_in

DOCS = (Path(__file__).parent.parent.parent / "docs" / "settings.md").read_text()
OIDC = {"OIDC_ISSUER": "https://login.example.com/t/v2.0", "OIDC_CLIENT_ID": "client"}


@pytest.mark.parametrize(
    ("given", "origin", "host", "https", "loopback"),
    [
        ("", "http://localhost:8000", "localhost", False, True),
        ("https://Seats.Example.com/", "https://seats.example.com", "seats.example.com", True, False),
        ("https://seats.example.com:443", "https://seats.example.com", "seats.example.com", True, False),
        ("http://seats:8080", "http://seats:8080", "seats", False, False),
        ("http://[::1]:9000", "http://[::1]:9000", "[::1]", False, True),
        ("http://127.0.0.1", "http://127.0.0.1", "127.0.0.1", False, True),
    ],
)
def test_the_public_address(tmp_path: Path, given: str, origin: str, host: str, https: bool, loopback: bool) -> None:
    read = read_in(tmp_path, URL=given)
    assert (read.address.origin, read.address.host) == (origin, host)
    assert (read.address.is_https, read.address.is_loopback) == (https, loopback)
    assert host in read.allowed_hosts


@pytest.mark.parametrize(
    "nonsense",
    ["seats.example.com", "ftp://seats", "https://", "https://u:p4ss@x", "https://x?q", "https://x#f",
     "https://x:port", "https://x y", "https://[::1", "https://x;y", "javascript:alert(1)", "https://x\u202e"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_by_name(tmp_path: Path, nonsense: str) -> None:
    with pytest.raises(BadSetting, match="SEATKEEPER_URL") as refused:
        read_in(tmp_path, URL=nonsense)
    assert "p4ss" not in str(refused.value)


def test_hosts_that_were_given_are_not_added_to(tmp_path: Path) -> None:
    assert read_in(tmp_path, URL="https://a.example", ALLOWED_HOSTS="b.example").allowed_hosts == ("b.example",)


@pytest.mark.parametrize(
    ("given", "folder"),
    [("https://x", ""), ("https://x/", ""), ("https://x/seats/", "/seats"), ("https://x/a/b.c", "/a/b.c")],
)
def test_the_address_may_have_a_folder(tmp_path: Path, given: str, folder: str) -> None:
    read = read_in(tmp_path, URL=given).address
    assert (read.origin, read.folder, read.url) == ("https://x", folder, f"https://x{folder}")


@pytest.mark.parametrize("nonsense", ["https://x//a", "https://x/../a", "https://x/a%2fb", "https://x/a:b"])
def test_a_folder_that_is_none_is_refused_by_name(tmp_path: Path, nonsense: str) -> None:
    with pytest.raises(BadSetting, match="SEATKEEPER_URL"):
        read_in(tmp_path, URL=nonsense)


def test_proxies_are_addresses_and_networks(tmp_path: Path) -> None:
    assert read_in(tmp_path).trusted_proxies == ()
    read = read_in(tmp_path, TRUSTED_PROXY="10.0.0.1, 10.2.0.0/16,fd00::/8").trusted_proxies
    assert [str(network) for network in read] == ["10.0.0.1/32", "10.2.0.0/16", "fd00::/8"]
    for nonsense in ("*", "proxy.example.com", "10.0.0.0/33", "10.0.0.1;10.0.0.2"):
        with pytest.raises(BadSetting, match=r"SEATKEEPER_TRUSTED_PROXY: .* is neither an IP address nor a network"):
            read_in(tmp_path, TRUSTED_PROXY=nonsense)
    with pytest.raises(BadSetting, match=r"Write 10\.0\.0\.0/8 for the whole network"):
        read_in(tmp_path, TRUSTED_PROXY="10.0.0.1/8")
    for everybody in ("0.0.0.0/0", "10.0.0.1,::/0"):
        with pytest.raises(BadSetting, match="holds every address there is"):
            read_in(tmp_path, TRUSTED_PROXY=everybody)


def test_the_provider_is_read_whole_and_its_secret_is_not_printed(tmp_path: Path) -> None:
    assert read_in(tmp_path).single_sign_on is None
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    chosen = read_in(tmp_path, **OIDC, OIDC_CLIENT_SECRET_FILE=str(file)).single_sign_on
    assert chosen is not None
    assert (chosen.issuer, chosen.client_id, chosen.name) == (OIDC["OIDC_ISSUER"], "client", "single sign-on")
    assert chosen.origin == "https://login.example.com"
    assert chosen.secret.reveal() == "s3cret"
    assert "s3cret" not in repr(chosen)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"OIDC_ISSUER": ""}, "SEATKEEPER_OIDC_ISSUER"),
        ({"OIDC_ISSUER": "http://login.example.com"}, "SEATKEEPER_OIDC_ISSUER"),
        ({"OIDC_ISSUER": "https://login.example.com; script-src *"}, "SEATKEEPER_OIDC_ISSUER"),
        ({"OIDC_CLIENT_ID": ""}, "SEATKEEPER_OIDC_CLIENT_ID"),
        ({"OIDC_CLIENT_SECRET_FILE": ""}, "SEATKEEPER_OIDC_CLIENT_SECRET_FILE"),
        ({"OIDC_CLIENT_SECRET_FILE": "/nowhere/secret"}, "SEATKEEPER_OIDC_CLIENT_SECRET_FILE"),
        ({"OIDC_CLIENT_SECRET_FILE": "{folder}/empty"}, "SEATKEEPER_OIDC_CLIENT_SECRET_FILE"),
        ({"OIDC_CLIENT_SECRET_FILE": "{folder}/binary"}, "SEATKEEPER_OIDC_CLIENT_SECRET_FILE"),
        ({"OIDC_NAME": "x" * 41}, "SEATKEEPER_OIDC_NAME"),
        ({"OIDC_NAME": "a\u202eb"}, "SEATKEEPER_OIDC_NAME"),
    ],
)
def test_a_provider_by_half_is_refused_by_the_name_of_what_is_wrong(
    tmp_path: Path, change: dict[str, str], named: str
) -> None:
    (tmp_path / "secret").write_text("s3cret")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    given = {**OIDC, "OIDC_CLIENT_SECRET_FILE": "{folder}/secret", **change}
    with pytest.raises(BadSetting) as refused:
        read_in(tmp_path, **{name: value.format(folder=tmp_path) for name, value in given.items()})
    assert str(refused.value).startswith(named)
    assert "s3cret" not in str(refused.value)


def test_a_name_alone_asks_for_the_rest(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="SEATKEEPER_OIDC_ISSUER is not set"):
        read_in(tmp_path, OIDC_NAME="Example ID")


def test_the_docs_name_every_setting_and_no_other() -> None:
    known = {
        value
        for module in (reader, settings, operation, upkeep, start)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and value.startswith("SEATKEEPER_")
    }
    assert len(known) >= 12
    assert set(re.findall(r"^- `(SEATKEEPER_\w+)`", DOCS, re.MULTILINE)) == known
