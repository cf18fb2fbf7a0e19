"""What may be sent where: a link is used only when it leads to the pinned server and the expected path."""

from __future__ import annotations

from typing import Final

import httpx2
import msgspec

from seatkeeper.errors import UntrustedLink

_PORTS: Final = {"https": 443, "http": 80}


class Origin(msgspec.Struct, frozen=True):
    """Scheme, host and port of a server we trust.

    Links are read with the parser whose parts are sent: two parsers can disagree on the host of one text,
    and then the check is about another server than the one that gets the token.
    """

    scheme: str
    host: bytes
    port: int

    @classmethod
    def of(cls, url: str | httpx2.URL) -> Origin:
        """The origin of a url. Raises UntrustedLink when it cannot be read."""
        url = _parse(url) if isinstance(url, str) else url
        port = _PORTS.get(url.scheme, -1) if url.port is None else url.port
        return cls(url.scheme, url.raw_host, port)

    def check(self, link: str, path: str) -> httpx2.URL:
        """A vendor's link, parsed once and ready to send, when it leads here and to `path` exactly.

        Only the part before the query is held to plain characters: the query is the vendor's and goes back as
        it came. Paths are compared without regard to case, as Microsoft's servers read them. Raises
        UntrustedLink before any byte is sent.
        """
        head = link.partition("?")[0]
        # No address of Microsoft's API needs these; each has been used to make two parsers disagree.
        if not head.isascii() or not head.isprintable() or any(mark in head for mark in "\\%#@ "):
            raise untrusted()
        url = _parse(link)
        if url.userinfo or Origin.of(url) != self:
            raise untrusted()
        # A function may be called with its brackets, "/users/delta()": OData allows both.
        if url.raw_path.partition(b"?")[0].lower().removesuffix(b"()") != path.encode().lower():
            raise untrusted()
        return url


def _parse(link: str) -> httpx2.URL:
    try:
        return httpx2.URL(link)
    except (httpx2.InvalidURL, ValueError):  # idna and port errors are ValueErrors
        raise untrusted() from None


def untrusted() -> UntrustedLink:
    """The refusal to send something somewhere else."""
    # The link itself is not shown: it is the vendor's text, or somebody else's.
    return UntrustedLink(
        "An answer pointed to an address other than the one that was asked. Nothing was sent there and what "
        "was read before is kept. If this comes again, something between us and Microsoft changes its "
        "answers."
    )
