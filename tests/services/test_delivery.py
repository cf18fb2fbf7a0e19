"""What leaves this machine: signed, to where it was said, and never to an internal machine by any spelling."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpcore2
import pytest
import trustme

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, Unavailable
from seatkeeper.model import TICKS, Secret
from seatkeeper.notices import delivery
from seatkeeper.notices.delivery import Message, Target
from seatkeeper.settings import SEATKEEPER
from seatkeeper.wire import to_tls

SECRET = Secret("a secret that only the two of us know")
MESSAGE: Final = Message(
    "7-opened",
    "opened",
    "run-failed",
    "run-failed:1:roster",
    "Roster failed “ä”",
    "What to do",
    0,
    0,
    "http://here/notices",
)
PUBLIC = "93.184.215.14"


class Receiver:
    """A webhook over HTTPS at `localhost`, which keeps what it got."""

    def __init__(self, status: int = 200, location: str = "") -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"https://localhost:{self.server.server_port}/hook?a=1"


@contextmanager
def listening(receiver: Receiver, authority: trustme.CA) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join(5)


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The one that delivery trusts, in the place of the public ones."""
    made = trustme.CA()
    monkeypatch.setattr(delivery, "to_tls", lambda _: to_tls(made.cert_pem.bytes().decode()))
    return made


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def make(*hosts: str) -> None:
        monkeypatch.setattr(delivery, "SEATKEEPER", SEATKEEPER._replace(notice_hosts=hosts))

    return make


def post(url: str) -> None:
    delivery.send(Target("webhook", Secret(url), SECRET), MESSAGE)


def test_a_webhook_gets_a_cloud_event_that_it_can_verify(authority: trustme.CA, allow: Callable[..., None]) -> None:
    allow("localhost")
    with listening(Receiver(204), authority) as receiver:
        post(receiver.url)
    ((headers, body),) = receiver.got
    told = dict(part.split("=") for part in headers["seatkeeper-signature"].split(","))
    expected = hmac.new(SECRET.reveal().encode(), told["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(told["v1"], expected)
    assert abs(int(told["t"]) - system_clock() // TICKS) < 60
    assert headers["content-type"].startswith("application/cloudevents+json")
    event = json.loads(body)
    assert {key: event[key] for key in ("specversion", "id", "type", "subject", "time")} == {
        "specversion": "1.0",
        "id": "7-opened",
        "type": "seatkeeper.notice.opened",
        "subject": "run-failed:1:roster",
        "time": "1970-01-01T00:00:00Z",
    }
    assert event["data"]["title"] == MESSAGE.title
    assert SECRET.reveal() not in str(headers) + body.decode()


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 410, 500])
def test_another_answer_than_success_is_trouble_and_no_redirect_is_followed(
    status: int, authority: trustme.CA, allow: Callable[..., None]
) -> None:
    allow("localhost")
    with listening(Receiver(), authority) as other, listening(Receiver(status, other.url), authority) as receiver:
        with pytest.raises(Unavailable, match=str(status)):
            post(receiver.url)
        assert (len(receiver.got), len(other.got)) == (1, 0)


def test_a_receiver_that_cannot_prove_its_name_gets_nothing(authority: trustme.CA, allow: Callable[..., None]) -> None:
    allow("localhost")
    with listening(Receiver(), trustme.CA()) as receiver:
        with pytest.raises(Unavailable, match="not trusted"):
            post(receiver.url)
        assert not receiver.got


def test_a_receiver_that_says_nothing_is_left_in_time(
    authority: trustme.CA, allow: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    allow("localhost")
    monkeypatch.setattr(delivery, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unavailable, match=r"in time|within"):
        post(f"https://localhost:{silent.getsockname()[1]}/")


HOSTILE = [
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/",
    "https://017700000001/", "https://0177.0.0.1/", "https://localhost/", "https://LOCALHOST./", "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/", "https://[::]/", "https://0/", "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::7f00:1]/", "https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::]/",
    "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/", "https://100.100.100.200/",
    "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/", "https://168.63.129.16/", "https://[fe80::1]/",
    "https://[fc00::1]/", "https://224.0.0.1/", "https://239.255.255.250/", "https://[ff02::1]/", "https://255.255.255.255/",
    "https://240.0.0.1/", "https://192.0.2.1/", "https://198.18.0.1/", "https://[2001:db8::1]/", "https://127.0.0.1:8443/a",
]  # fmt: skip
NO_ADDRESSES = [
    "http://hooks.example.com/", "ftp://hooks.example.com/", "hooks.example.com", "https://", "https:///a", "",
    "https://user:secret@hooks.example.com/", "https://hooks.example.com@127.0.0.1/", "https://hooks.example.com\\@127.0.0.1/",
    "https://hooks.example.com/ a", "https://hooks.example.com/\r\nX: y", "https://hööks.example.com/", "file:///etc/passwd",
    "https://hooks.example.com/#x", "https://hooks.example.com:99999/", "gopher://127.0.0.1:25/",
    "//hooks.example.com/",
    "https://hooks.example.com/" + "a" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_an_internal_machine_is_refused_in_every_notation(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[str] = []
    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", lambda _self, host, *_: connected.append(host))
    refusal = r"internal machine|https address|could not be found"
    with pytest.raises(BadInput, match=refusal):
        delivery.check("webhook", url)
    with pytest.raises((BadInput, Unavailable), match=refusal):
        post(url)
    assert not connected


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_https_address_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="https address"):
        delivery.check("webhook", url)


@pytest.mark.parametrize("answers", [["10.0.0.1"], [PUBLIC, "10.0.0.1"], ["::1", PUBLIC], [PUBLIC, "fe80::1%eth0"]])
def test_a_name_one_of_whose_addresses_is_internal_is_refused(
    answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, 443)) for answer in answers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(BadInput, match="internal machine"):
        delivery.check("webhook", "https://hooks.example.com/")


def test_a_name_is_asked_once_so_that_its_answer_cannot_change_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is public, every later one is this machine."""
    asked: list[str] = []
    connected: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[Any]:
        if host == "hooks.example.com":
            asked.append(host)
        address = host if host != "hooks.example.com" else PUBLIC if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(_self: object, host: str, *_: object) -> None:
        connected.append(host)
        raise httpcore2.ConnectError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", connect)
    with pytest.raises(Unavailable):
        post("https://hooks.example.com/")
    assert (asked, connected) == (["hooks.example.com"], [PUBLIC])


REFUSED_BY_APPRISE = [
    "json://hooks.example.com", "jsons://hooks.example.com", "https://hooks.example.com", "file:///etc/passwd",
    "dbus://",
    "syslog://", "exec://id", "xml://localhost", "tgram://123:abc/1", "mailto://", "slack://", "workflows://",
    "nonsense",
    "workflows://10.0.0.1:443/workflow/signature/", "workflows://evil.example.com:443/workflow/signature/",
    "workflows://prod-1.westeurope.logic.azure.com:443/wf/sig/?template=/etc/passwd",
    "workflows://prod-1.westeurope.logic.azure.com:443/wf/sig/?verify=no",
    "mailto://u:p@example.com?pgpprv=/etc/passwd", "mailto://u:p@example.com?smtp=127.0.0.1",
    "mailto://u:p@localhost?to=a@example.com&from=b@example.com", "mailtos://u:p@169.254.169.254?to=a@example.com",
    "slack://TA1234567/B12345678/abcdefghijklmnopqrstuvwx/?template=/etc/passwd",
    "slack://TA1234567/B12345678/abcdefghijklmnopqrstuvwx/?+template=/etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED_BY_APPRISE)
def test_apprise_is_given_only_what_is_known(address: str) -> None:
    with pytest.raises(BadInput, match=r"^Address: "):
        delivery.check("apprise", address)


@pytest.mark.parametrize(
    "address",
    [
        "slack://TA1234567/B12345678/abcdefghijklmnopqrstuvwx/#general",
        "workflows://prod-1.westeurope.logic.azure.com:443/643e69f83c8944438d68119179a10a64/signature/",
    ],
)
def test_slack_and_teams_are_taken(address: str) -> None:
    delivery.check("apprise", address)


def test_mail_goes_through_a_relay_that_the_operator_allows(allow: Callable[..., None]) -> None:
    lines: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as relay:
        thread = threading.Thread(target=_take_mail, args=(relay, lines), daemon=True)
        thread.start()
        port = relay.getsockname()[1]
        address = f"mailto://localhost:{port}?to=ada@example.com&from=seatkeeper@example.com&mode=insecure"
        with pytest.raises(BadInput, match="internal machine"):
            delivery.check("apprise", address)
        allow("localhost")
        delivery.send(Target("apprise", Secret(address), None), MESSAGE)
        thread.join(10)
    assert any(line.upper().startswith("RCPT TO:<ADA@EXAMPLE.COM>") for line in lines)
    assert any("What to do" in line for line in lines)


def _take_mail(relay: socket.socket, lines: list[str]) -> None:
    """As much of SMTP as one message needs."""
    connection, _ = relay.accept()
    with connection, connection.makefile("rw", encoding="utf-8", newline="\r\n") as wire:
        said, inside = "220 relay", False
        while said:
            wire.write(said + "\r\n")
            wire.flush()
            lines.append(line := wire.readline().rstrip("\r\n"))
            while inside and line != ".":
                lines.append(line := wire.readline().rstrip("\r\n"))
            inside = line.upper() == "DATA"
            said = "354 go on" if inside else "" if line.upper() == "QUIT" else "250 good"
