"""One request is bounded in time and size, follows nothing and trusts nobody it was not told to."""

from __future__ import annotations

import gzip
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seatkeeper.errors import BadInput, BrokenAnswer, Unavailable, UntrustedLink
from seatkeeper.graph.egress import Answer, Egress
from seatkeeper.wire import NotTrusted, TooSlow

from .vendor import Reply, Vendor, closed_port, zipped

MIB = 1024 * 1024
Make = Callable[..., Egress]


def get(egress: Egress, vendor: Vendor, path: str = "/x") -> Answer:
    return egress.send("GET", vendor.url + path, {})


def test_an_answer_comes_back_with_its_status_headers_and_body(make_egress: Make, vendors: list[Vendor]) -> None:
    vendors[1].on("/x", Reply(201, b'{"a":1}', {"X-One": "1"}))
    answer = get(make_egress(), vendors[1])
    assert (answer.status, answer.headers["x-one"], answer.body) == (201, "1", b'{"a":1}')
    assert answer.at <= time.monotonic()
    assert vendors[1].seen[0].headers["User-Agent"].startswith("seatkeeper/")
    assert vendors[1].seen[0].headers["Accept-Encoding"] == "gzip"


def test_only_the_two_servers_are_asked(make_egress: Make, vendors: list[Vendor]) -> None:
    egress = make_egress()
    for url in (vendors[2].url, f"http://localhost:{vendors[1].port}", "https://localhost", "nonsense", "", "https://"):
        with pytest.raises(UntrustedLink):
            egress.send("GET", url, {"Authorization": "Bearer x"})
    assert vendors[2].connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_its_body_not_read_far(
    make_egress: Make, vendors: list[Vendor], status: int
) -> None:
    vendors[1].on("/x", Reply(status, b"x" * (5 * MIB), {"Location": vendors[2].url + "/stolen"}))
    answer = get(make_egress(), vendors[1])
    assert answer.status == status
    assert len(answer.body) <= 64 * 1024
    assert vendors[2].connections == 0


@pytest.mark.parametrize("level", [0, 9])
def test_a_packed_answer_is_unpacked(make_egress: Make, vendors: list[Vendor], level: int) -> None:
    body = bytes(range(256)) * 20_000
    vendors[1].on("/x", Reply(body=gzip.compress(body, level), headers={"Content-Encoding": "gzip"}))
    assert get(make_egress(), vendors[1]).body == body


@pytest.mark.parametrize("size", [0, 1, MIB, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 8 * MIB, 13 * MIB + 7])
def test_no_size_loses_a_byte_when_unpacked(make_egress: Make, vendors: list[Vendor], size: int) -> None:
    vendors[1].on("/x", zipped(Reply(body=b"a" * size)))
    assert get(make_egress(), vendors[1]).body == b"a" * size


def test_a_small_bomb_costs_no_more_than_the_cap(make_egress: Make, vendors: list[Vendor]) -> None:
    bomb = gzip.compress(bytes(300 * MIB))
    assert len(bomb) < MIB
    vendors[1].on("/x", Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
    egress = make_egress(cap=8 * MIB)
    tracemalloc.start()
    with pytest.raises(BrokenAnswer, match="larger than 8 MiB"):
        get(egress, vendors[1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (8 + 2 * 4 + 2) * MIB  # the cap, and one step that is being unpacked


def test_an_unpacked_answer_beyond_the_cap_is_refused(make_egress: Make, vendors: list[Vendor]) -> None:
    vendors[1].on("/x", Reply(body=b"x" * (2 * MIB)))
    with pytest.raises(BrokenAnswer, match="larger than 1 MiB"):
        get(make_egress(cap=MIB), vendors[1])
    vendors[1].on("/x", Reply(body=b"x" * MIB))
    assert len(get(make_egress(cap=MIB), vendors[1]).body) == MIB


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "gzip,br", "zstd", "identity, gzip"])
def test_a_packing_that_was_not_asked_for_is_refused(make_egress: Make, vendors: list[Vendor], encoding: str) -> None:
    vendors[1].on("/x", Reply(body=gzip.compress(b"{}"), headers={"Content-Encoding": encoding}))
    with pytest.raises(BrokenAnswer, match="packed"):
        get(make_egress(), vendors[1])


def test_a_packed_answer_that_is_cut_damaged_or_continued_is_not_used(make_egress: Make, vendors: list[Vendor]) -> None:
    whole = gzip.compress(b'{"value":[]}' * 1000)
    packed = {"Content-Encoding": "gzip"}
    broken = [
        (whole[:-1], Unavailable),
        (whole[:-8], Unavailable),
        (whole[: len(whole) // 2], Unavailable),
        (b"\x00" + whole, Unavailable),
        (whole[:-8] + bytes(8), Unavailable),
        (whole + whole, BrokenAnswer),
        (whole + b"more", BrokenAnswer),
        (zlib.compress(b"{}"), Unavailable),
    ]
    egress = make_egress()
    for body, error in broken:
        vendors[1].on("/x", Reply(body=body, headers=packed))
        with pytest.raises(error):
            get(egress, vendors[1])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX-Half: ",
        b"",
        b"this is not HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
    ],
)
def test_an_answer_that_breaks_off_is_the_networks_fault(
    make_egress: Make, vendors: list[Vendor], answer: bytes
) -> None:
    vendors[1].on("/x", Reply(write=lambda file: file.write(answer)))
    with pytest.raises(Unavailable, match="broke off"):
        get(make_egress(), vendors[1])
    assert len(vendors[1].seen) == 1


def _drip(data: bytes) -> Callable[[Any], None]:
    def write(file: Any) -> None:
        for byte in data:
            file.write(bytes([byte]))
            file.flush()
            time.sleep(0.05)

    return write


def _stall(file: Any) -> None:
    file.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    file.flush()
    time.sleep(5)


@pytest.mark.parametrize(
    "answer",
    [
        _drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 500),
        _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500),
        lambda file: time.sleep(5),
        _stall,
    ],
    ids=["dripping headers", "dripping body", "silence", "stall after headers"],
)
def test_a_slow_answer_ends_at_the_deadline(
    make_egress: Make, vendors: list[Vendor], answer: Callable[[Any], None]
) -> None:
    vendors[1].on("/x", Reply(write=answer))
    started = time.monotonic()
    with pytest.raises(TooSlow, match="within"):
        get(make_egress(deadline=0.2), vendors[1])
    assert 0.2 <= time.monotonic() - started < 4


def test_threads_have_deadlines_of_their_own(make_egress: Make, vendors: list[Vendor]) -> None:
    vendors[1].on("/slow", Reply(write=lambda file: time.sleep(3)))
    vendors[1].on("/x", Reply())
    egress = make_egress(deadline=0.3)
    failed: list[Exception] = []

    def ask_slowly() -> None:
        try:
            get(egress, vendors[1], "/slow")
        except TooSlow as error:
            failed.append(error)

    slow = threading.Thread(target=ask_slowly)
    slow.start()
    ends = time.monotonic() + 0.5
    while time.monotonic() < ends:
        assert get(egress, vendors[1]).status == 200
    slow.join()
    assert len(failed) == 1


def test_a_connection_is_kept(make_egress: Make, vendors: list[Vendor]) -> None:
    vendors[1].on("/x", Reply())
    egress = make_egress()
    for _ in range(5):
        get(egress, vendors[1])
    assert vendors[1].connections == 1


def test_a_kept_connection_that_was_closed_is_opened_again_without_a_fault(
    make_egress: Make, vendors: list[Vendor]
) -> None:
    # The server reads the second request before it hangs up, so that no look at the socket can foresee it.
    def hang_up(_: Any) -> None:
        return

    vendors[1].on("/x", Reply(), Reply(write=hang_up), Reply(body=b'{"third":true}'))
    egress = make_egress()
    get(egress, vendors[1])
    assert get(egress, vendors[1]).body == b'{"third":true}'
    assert vendors[1].connections == 2


def test_a_new_connection_that_is_closed_is_a_fault(make_egress: Make, vendors: list[Vendor]) -> None:
    vendors[1].on("/x", Reply(write=lambda _: None))
    with pytest.raises(Unavailable):
        get(make_egress(), vendors[1])
    assert vendors[1].connections == 1


def _bent(vendor: Vendor, url: str, ca_file: str | None = None) -> Egress:
    return Egress(msgspec.structs.replace(vendor.endpoints(), graph_url=url, ca_file=ca_file or vendor.ca_file))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://no-such-host.invalid", r"no-such-host\.invalid could not be found.*DNS"),
        (f"https://127.0.0.1:{closed_port()}", "refused the connection"),
    ],
    ids=["no such host", "closed port"],
)
def test_a_network_error_is_told_in_plain_words(vendors: list[Vendor], url: str, words: str) -> None:
    egress = _bent(vendors[0], url)
    with pytest.raises(Unavailable, match=words):
        egress.send("GET", url, {})
    egress.close()


def test_a_server_of_another_authority_is_not_trusted(
    vendors: list[Vendor], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text(vendors[0].ca_file)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))  # another program's setting is not ours
    egress = Egress(msgspec.structs.replace(vendors[0].endpoints(), ca_file=None))
    with pytest.raises(NotTrusted, match=r"not trusted.*--ca-file"):
        egress.send("GET", vendors[0].url, {})
    egress.close()
    assert vendors[0].seen == []


def test_a_path_that_an_earlier_version_stored_is_not_opened_and_the_way_out_is_said(
    vendors: list[Vendor], tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text(vendors[0].ca_file)
    with pytest.raises(BadInput, match=r"path of a file.*apps edit NAME --ca-file"):
        _bent(vendors[0], vendors[0].url, str(tmp_path / "ca.pem"))


def test_a_certificate_for_another_name_is_not_trusted(vendors: list[Vendor]) -> None:
    url = f"https://127.0.0.2:{vendors[0].port}"
    egress = _bent(vendors[0], url)
    with pytest.raises(Unavailable, match=r"not trusted|could not be reached"):
        egress.send("GET", url, {})
    egress.close()
    assert vendors[0].seen == []


def test_old_tls_is_not_spoken(make_egress: Make, vendors: list[Vendor]) -> None:
    pool = make_egress()._pool
    assert pool._ssl_context is not None
    assert pool._ssl_context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert pool._ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert pool._ssl_context.check_hostname


def test_the_environment_can_not_lead_a_request_elsewhere(
    make_egress: Make, vendors: list[Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, vendors[2].url)
    vendors[1].on("/x", Reply())
    assert get(make_egress(), vendors[1]).status == 200
    assert vendors[2].connections == 0
