"""`seatkeeper demo` ends in the web application, with a sign-in that works."""

from __future__ import annotations

import re
import socket

import pytest

from .conftest import Server

pytestmark = pytest.mark.deep


def test_the_demo_ends_in_the_web_application_with_a_ready_sign_in() -> None:
    demo = Server("demo", "--people", "40", "--days", "3", "--port", "0")
    try:
        demo.ready()
        ((member, password),) = re.findall(r"Sign in as (\S+) with the password (\S+)", "".join(demo.said))
        answer = demo.ask("/accounts/login/", login=member, password=password)
        assert answer.status == 302, answer.text
        (demo.session,) = re.findall(r"seatkeeper_session=(\w+)", str(answer.headers))
        assert "Microsoft Project (demo)" in demo.ask("/applications").text
        assert demo.stop() == 0
    finally:
        demo.end()


def test_a_port_that_is_taken_is_refused_before_the_walk() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        demo = Server("demo", "--port", str(taken.getsockname()[1]))
        assert demo.process.wait(60) == 2
    demo.end()
    assert "in use" in "".join(demo.said)
    assert "pretend" not in "".join(demo.said)
