"""Who calls, and by which scheme, when a proxy that the operator trusts (SEATKEEPER_TRUSTED_PROXY) passes it on.

Waitress can trust one address; proxies of a cluster have many, and stand behind each other.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

from seatkeeper.settings.networks import Networks, contains

log = logging.getLogger("seatkeeper.web")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

FOR: Final = "HTTP_X_FORWARDED_FOR"
SCHEME: Final = "HTTP_X_FORWARDED_PROTO"
PASSED_ON: Final = (FOR, SCHEME, "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


def to_caller(peer: str, forwarded_for: str, proxies: Networks) -> str:
    """The address that the nearest proxy names which is no trusted proxy itself; without one, who is connected."""
    caller = peer
    for named in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if not contains(proxies, caller):
            break
        caller = named
    return caller


def believe_proxies(application: Application, proxies: Networks) -> Application:
    """Around the pages: REMOTE_ADDR and the scheme are the caller's where a trusted proxy tells them."""
    told = False

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        nonlocal told
        peer, forwarded_for = environ.get("REMOTE_ADDR", ""), environ.get(FOR, "")
        if not contains(proxies, peer):
            if proxies and forwarded_for and not told:
                told = True  # once: whoever likes may send such a header
                log.warning("%s passed a request on, but SEATKEEPER_TRUSTED_PROXY does not hold it", peer)
            return application(environ, start_response)
        caller, scheme = to_caller(peer, forwarded_for, proxies), environ.get(SCHEME, "").lower()
        if not _is_address(caller) or scheme not in ("", "http", "https"):
            what = "X-Forwarded-For" if scheme in ("", "http", "https") else "X-Forwarded-Proto"
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [f"The proxy sent a header {what} that cannot be read.\n".encode()]
        environ["REMOTE_ADDR"] = caller
        environ["wsgi.url_scheme"] = scheme or environ["wsgi.url_scheme"]
        for header in PASSED_ON:  # what is left of them inside is of a proxy that nobody trusts
            environ.pop(header, None)
        return application(environ, start_response)

    return answer


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
