"""A token goes to one server and one path, whatever an answer says."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatkeeper.errors import UntrustedLink
from seatkeeper.graph.origin import Origin

from .conftest import Door
from .vendor import page

GRAPH = Origin.of("https://graph.microsoft.com")
USERS = "/v1.0/users"

# What a look-alike of the pinned server can look like; {port} is the twin's, {own} the pinned server's.
HOSTILE = [
    "https://localhost.evil.example:{port}/v1.0/users",
    "https://evil.example/v1.0/users?https://localhost:{own}/v1.0/users",
    "https://localhost:{own}@localhost:{port}/v1.0/users",
    "https://user:pass@localhost:{own}/v1.0/users",
    "https://localhost:{own}\\@localhost:{port}/v1.0/users",
    "https://localhost:{port}\\.localhost:{own}/v1.0/users",
    "https://local\thost:{own}/v1.0/users",
    "\thttps://localhost:{own}/v1.0/users",
    " https://localhost:{own}/v1.0/users",
    "https://localhost%2eevil.example:{port}/v1.0/users",
    "https://localhost:{own}/v1.0/%2e%2e/v1.0/users",
    "https://localhost:{own}/v1.0/%75sers",
    "https://localhost\u3002evil:{port}/v1.0/users",
    "https://localhost\u3002:{own}/v1.0/users",
    "https://[::1]:{own}/v1.0/users",
    "https://127.0.0.1:{own}/v1.0/users",
    "https://localhost.:{own}/v1.0/users",
    "https://localhost:{port}/v1.0/users",
    "https://localhost:0/v1.0/users",
    "https://localhost/v1.0/users",
    "http://localhost:{own}/v1.0/users",
    "ftp://localhost:{own}/v1.0/users",
    "//localhost:{own}/v1.0/users",
    "//localhost:{port}/v1.0/users",
    "/v1.0/me/messages",
    "https://localhost:{own}/v1.0/me/messages",
    "https://localhost:{own}/v1.0/users/delta",
    "https://localhost:{own}/v1.0/users/../me",
    "https://localhost:{own}/v1.0/users/",
    "https://localhost:{own}/v1.0//users",
    "https://localhost:{own}//v1.0/users",
    "https://localhost:{own}/beta/users",
    "https://localhost:{own}/v1.0/users;x",
    "https://localhost:{own}/v1.0\\users",
    "https://localhost:{own}#@localhost:{port}/v1.0/users",
    "https://localhost:{own}",
    "javascript:alert(1)",
    "v1.0/users",
    "https://",
    "https://localhost:99999999/v1.0/users",
    "https://\ud800/v1.0/users",
]


@pytest.mark.parametrize("link", HOSTILE)
def test_a_hostile_link_is_refused_before_any_byte_is_sent(door: Door, link: str) -> None:
    door.tokens.token()
    door.graph.on(USERS, page([]))
    before = door.graph.connections
    hostile = link.format(port=door.twin.port, own=door.graph.port)
    with pytest.raises(UntrustedLink) as refused:
        door.client.get(hostile, path=USERS, family="directory")
    assert door.twin.connections == 0
    assert door.graph.connections == before
    assert hostile not in str(refused.value)
    assert "Nothing was sent" in str(refused.value)


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.microsoft.com/v1.0/users?$skiptoken=a%2Fb",
        "https://graph.microsoft.com:443/v1.0/users?$skiptoken=x",
        "HTTPS://Graph.Microsoft.com/v1.0/users?$skiptoken=x",
        "https://graph.microsoft.com/v1.0/Users?other=%2e%2e&x=\\",
        "https://graph.microsoft.com/v1.0/users?$filter=createdDateTime ge 2026-08-01T00:00:00Z",
    ],
)
def test_a_link_to_the_pinned_server_is_used_whatever_its_query(link: str) -> None:
    url = GRAPH.check(link, USERS)
    assert url.raw_host == b"graph.microsoft.com"


def test_a_link_in_the_style_of_a_function_call_is_followed_and_sent_as_it_came() -> None:
    link = f"https://graph.microsoft.com{USERS}()?$skiptoken=x"
    assert str(GRAPH.check(link, USERS)) == link
    for other in (f"{USERS}()()", f"{USERS}(1)", f"{USERS}()/x", f"{USERS}/()"):
        with pytest.raises(UntrustedLink):
            GRAPH.check(f"https://graph.microsoft.com{other}", USERS)


def test_a_link_is_sent_back_as_it_came() -> None:
    link = "https://graph.microsoft.com/v1.0/users?$skiptoken=RFNw%2BdA%3D%3D&$top=5&x=%zz&y=a+b"
    assert str(GRAPH.check(link, USERS)) == link


_WORDS = "https http :// : / // \\ @ graph.microsoft.com .evil.example %2e %2f ? # :443 :444"
_MORE = "/v1.0/users /v1.0/users/delta \u3002 [::1] xn-- . .. ; users"
_PIECES = st.sampled_from([*_WORDS.split(), *_MORE.split(), "\t", " "])
_LINKS = st.lists(st.one_of(_PIECES, st.characters()), max_size=12).map("".join)
_NEAR = st.builds("https://graph.microsoft.com{}/v1.0/users{}".format, _LINKS, _LINKS)


@given(st.one_of(_LINKS, _NEAR, st.text()))
def test_what_would_be_sent_goes_to_the_pinned_server(link: str) -> None:
    try:
        url = GRAPH.check(link, USERS)
    except UntrustedLink:
        return
    assert (url.scheme, url.raw_host, url.port, url.userinfo) == ("https", b"graph.microsoft.com", None, b"")
    assert url.raw_path.partition(b"?")[0].lower() == b"/v1.0/users"
    # And another parser agrees, so that no proxy or server on the way reads it differently.
    other = urlsplit(link)
    assert (other.scheme, other.hostname, other.port or 443) == ("https", "graph.microsoft.com", 443)
    assert (other.username, other.path.lower()) == (None, "/v1.0/users")
