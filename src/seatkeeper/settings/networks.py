"""Networks that an operator names: proxies that are believed, and who may probe and measure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache

from seatkeeper.errors import BadSetting

Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


def read_networks(given: Mapping[str, str], name: str, usual: str = "") -> Networks:
    """IP addresses and networks (CIDR), separated by commas. Raises BadSetting for the first that is neither."""
    texts = [text.strip() for text in given.get(name, usual).split(",") if text.strip()]
    return tuple(_read_network(name, text) for text in texts)


def _read_network(name: str, text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise BadSetting(
            f"{name}: {text[:80]!r} is neither an IP address nor a network, such as 10.0.0.5 or 10.0.0.0/16. "
            "Separate several by commas"
        ) from None
    if network.network_address != ipaddress.ip_interface(text).ip:
        raise BadSetting(f"{name}: {text} is an address inside a network. Write {network} for the whole network")
    return network


@lru_cache(4096)
def contains(networks: Networks, address: str) -> bool:
    """Whether an address lies in one of them; what is no address, as of a Unix socket, lies in none."""
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(one, ipaddress.IPv6Address) and one.ipv4_mapped:
        one = one.ipv4_mapped
    return any(one in network for network in networks)
