"""The pages behind waitress: one process, a fixed number of threads, and limits for whoever calls."""

from __future__ import annotations

import resource
from typing import Any, Final

from django.core.wsgi import get_wsgi_application
from waitress.adjustments import Adjustments

from seatkeeper.errors import BadInput
from seatkeeper.services.machine import Line
from seatkeeper.settings import SEATKEEPER
from seatkeeper.web.channels import Limits, Server, Servers
from seatkeeper.web.forwarded import believe_proxies
from seatkeeper.web.threads import Threads

THREADS: Final = 24  # event streams take up to eight, one caller up to twelve
LARGEST_BODY: Final = 16 * 2**20  # the largest upload is 10 MiB
LARGEST_HEADERS: Final = 32 * 2**10
BODY_IN_MEMORY: Final = 64 * 2**10  # of what anybody sends; the rest is in a file without a name
ANSWER_IN_MEMORY: Final = 512 * 2**10  # a page; what strangers can ask for is small, or a file that is sent as it is
OPEN_FILES: Final = 4096  # a connection may need a socket, a file that is sent and one for what is buffered


def make_server(host: str, port: int, limits: Limits = Limits(), look_every: float = 1.0) -> Servers:  # noqa: B008
    """A server that listens, and answers when it is run. Raises BadInput for an address that cannot be had."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    sockets: dict[int, Any] = {}
    threads = Threads(limits.requests_of_one)
    try:
        settings = Adjustments(
            host=host,
            port=port,
            max_request_body_size=LARGEST_BODY,
            max_request_header_size=LARGEST_HEADERS,
            inbuf_overflow=BODY_IN_MEMORY,
            outbuf_overflow=ANSWER_IN_MEMORY,
            connection_limit=2 * limits.connections,  # never reached: the server makes room itself
            ident=None,
            # That a request was passed on stays visible: what is only for people at this machine (the first set-up, the
            # metrics) must not be had through a proxy on it.
            clear_untrusted_proxy_headers=False,
        )
        settings.asyncore_loop_timeout = look_every
        proxies = SEATKEEPER.trusted_proxies
        pages = believe_proxies(get_wsgi_application(), proxies)
        listening = [
            Server(pages, sockets, dispatcher=threads, adj=settings, sockinfo=each, limits=limits, proxies=proxies)
            for each in settings.listen
        ]
    except (OSError, ValueError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput("--host, --port", f"cannot listen on {host} port {port}: {reason}.") from error
    threads.set_thread_count(THREADS)
    addresses = [(each.effective_host, each.effective_port) for each in listening]
    return Servers(sockets, settings, addresses, threads)


def look(limits: Limits = Limits()) -> Line:  # noqa: B008
    """For `seatkeeper check`: what one caller may cost, and whether the system gives us the files for all."""
    message = (
        f"It takes {limits.connections} connections, {limits.connections_of_one} of them of one address, and answers "
        f"{THREADS} requests at once, {limits.requests_of_one} of one address. Headers must arrive within "
        f"{limits.headers:.0f} seconds, a body or an answer may pause for {limits.stall:.0f}; a body has at most "
        f"{LARGEST_BODY >> 20} MiB, those of one address {limits.bodies_of_one >> 20}."
    )
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= OPEN_FILES:
        return Line("Server", True, message)
    advice = f"Raise it to {OPEN_FILES:,} (LimitNOFILE in systemd, `ulimit -Hn` in a shell)."
    return Line("Server", None, f"{message} But the system allows it {hard:,} open files only. {advice}")


def addresses(server: Servers) -> list[tuple[str, int]]:
    """Where it listens: a name may stand for several addresses."""
    return list(server.effective_listen)
