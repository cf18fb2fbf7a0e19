"""Microsoft's clouds. Each has its own login host and Graph, and refuses the tokens of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

APP_ID: Final = "00000003-0000-0000-c000-000000000000"  # Graph's own id, which is an audience in every cloud


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud. `instance` is how its OpenID configuration names it."""

    logins: tuple[str, ...]
    graph: str
    instance: str


CLOUDS: Final = (
    Cloud(("login.microsoftonline.com",), "graph.microsoft.com", "microsoftonline.com"),
    Cloud(("login.microsoftonline.us",), "graph.microsoft.us", "microsoftonline.us"),
    Cloud(("login.microsoftonline.us",), "dod-graph.microsoft.us", "microsoftonline.us"),
    Cloud(
        ("login.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
        "microsoftgraph.chinacloudapi.cn",
        "partner.microsoftonline.cn",
    ),
)
HOSTS: Final = frozenset(name for cloud in CLOUDS for name in (*cloud.logins, cloud.graph))
RESOURCES: Final = frozenset(f"https://{cloud.graph}" for cloud in CLOUDS)


def of_login(host: str) -> tuple[Cloud, ...]:
    """The clouds that use a login host; the sandbox's own host stands for all of them."""
    return tuple(cloud for cloud in CLOUDS if host in cloud.logins) or CLOUDS


def aliases(origin: str) -> list[str]:
    """The other names of a login host."""
    return [f"https://{name}" for cloud in CLOUDS for name in cloud.logins if origin[8:] in cloud.logins]


def audiences(host: str) -> frozenset[str]:
    """What a token may be meant for when it comes to this Graph host."""
    own = {f"https://{cloud.graph}" for cloud in CLOUDS if cloud.graph == host} or RESOURCES
    return frozenset({*own, APP_ID, f"https://{host}"})
