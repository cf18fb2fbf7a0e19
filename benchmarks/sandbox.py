"""`python -m benchmarks.sandbox`: pages a second and memory of the sandbox itself, so that it limits no other figure.

The sandbox runs in a process of its own; the client here only takes bytes. CPU time is the sandbox's.
"""

from __future__ import annotations

import argparse
import json
import re
import ssl
import time
from typing import Any

import httpx2
import psutil

from benchmarks.__main__ import sandbox

SELECT = "id,userPrincipalName,mail,givenName,surname,accountEnabled,createdDateTime,assignedLicenses,assignedPlans"
LISTS = (
    ("users of 999, default set", "/users?$top=999"),
    ("users of 999, licensing set", f"/users?$top=999&$select={SELECT}"),
    ("signIns of 1000", "/auditLogs/signIns?$top=1000"),
)
_NEXT = re.compile(rb'"@odata.nextLink":\s*"([^"]*)"')


def open_client(tenant: dict[str, str]) -> tuple[httpx2.Client, dict[str, str]]:
    """A plain client and the header that lets it in."""
    client = httpx2.Client(verify=ssl.create_default_context(cafile=tenant["ca_file"]), trust_env=False, timeout=120)
    form = {
        "grant_type": "client_credentials", "client_id": tenant["client_id"],
        "client_secret": tenant["client_secret"], "scope": "https://graph.microsoft.com/.default",
    }  # fmt: skip
    answer = client.post(f"{tenant['login_url']}/{tenant['tenant_id']}/oauth2/v2.0/token", data=form)
    return client, {"Authorization": f"Bearer {answer.json()['access_token']}"}


def read(client: httpx2.Client, link: str, headers: dict[str, str], pages: int) -> tuple[int, int]:
    """Pages and bytes on the wire; bodies are looked at for their next link only."""
    count = size = 0
    while link and count < pages:
        answer = client.get(link, headers=headers)
        answer.raise_for_status()
        count, size = count + 1, size + len(answer.content)
        found = _NEXT.search(answer.content[:65_536])
        link = json.loads(b'"' + found.group(1) + b'"') if found else ""
    return count, size


def line(server: psutil.Process, tenant: dict[str, str], what: tuple[str, str], encoding: str, pages: int) -> None:
    """One line: warm up a few pages, then measure."""
    client, headers = open_client(tenant)
    headers["Accept-Encoding"] = encoding
    link = f"{tenant['graph_url']}/v1.0{what[1]}"
    read(client, link, headers, 40)
    before, began = server.cpu_times(), time.perf_counter()
    count, size = read(client, link, headers, pages)
    seconds, after = time.perf_counter() - began, server.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    print(
        f"{what[0]:<28} {encoding:>8} {count:>6} {count / seconds:>9.1f} {count / max(cpu, 0.01):>12.1f} "
        f"{size / 1e6 / count:>8.2f} {server.memory_info().rss / 1e6:>8.0f}",
        flush=True,
    )
    client.close()


def find_server(tenant: dict[str, str]) -> Any:
    """The process that listens at the tenant's port."""
    port = int(tenant["graph_url"].rpartition(":")[2])
    for child in psutil.Process().children(recursive=True):
        if any(c.laddr and c.laddr.port == port for c in child.net_connections("inet")):
            return child
    raise SystemExit("no process of ours listens at the sandbox's port")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--sign-ins", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=300)
    chosen = parser.parse_args()
    print(f"{chosen.people:,} people; the client runs beside it on one machine; HTTPS.")
    print(f"{'list':<28} {'encoding':>8} {'pages':>6} {'pages/s':>9} {'pages/CPU-s':>12} {'MB/page':>8} {'RSS MB':>8}")
    with sandbox(chosen.people, chosen.sign_ins) as tenant:
        server = find_server(tenant)
        for what in LISTS:
            for encoding in ("identity", "gzip"):
                line(server, tenant, what, encoding, chosen.pages)


if __name__ == "__main__":
    main()
