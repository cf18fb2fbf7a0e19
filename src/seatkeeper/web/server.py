"""The pages behind waitress: one process, a fixed number of threads."""

from __future__ import annotations

from typing import Any, Final

import waitress
from django.core.wsgi import get_wsgi_application

from seatkeeper.errors import BadInput
from seatkeeper.settings import SEATKEEPER

THREADS: Final = 16
MOST_CONNECTIONS: Final = 400  # a connection costs a socket, a thread only while it is answered
LARGEST_BODY: Final = 16 * 2**20  # the largest upload is 10 MiB


def make_server(host: str, port: int) -> Any:
    """A server that listens, and answers when it is run. Raises BadInput for an address that cannot be had."""
    try:
        return waitress.create_server(
            get_wsgi_application(),
            host=host,
            port=port,
            threads=THREADS,
            connection_limit=MOST_CONNECTIONS,
            max_request_body_size=LARGEST_BODY,
            ident=None,
            **_proxy(),
        )
    except (OSError, ValueError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput("--host, --port", f"{host} port {port} cannot be listened on: {reason}.") from error


def addresses(server: Any) -> list[tuple[str, int]]:
    """Where it listens: a name may stand for several addresses."""
    several = getattr(server, "effective_listen", None)
    return list(several) if several else [(server.effective_host, server.effective_port)]


def _proxy() -> dict[str, Any]:
    """The one proxy whose word on the caller is taken. Without one, that a request was passed on stays visible:
    what is only for people at this machine (web/setup.py, web/health.py) must not be had through a proxy on it.
    """
    if not SEATKEEPER.trusted_proxy:
        return {"clear_untrusted_proxy_headers": False}
    headers = {"x-forwarded-for", "x-forwarded-proto"}
    return {"trusted_proxy": SEATKEEPER.trusted_proxy, "trusted_proxy_headers": headers}
