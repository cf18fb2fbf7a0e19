"""Two processes that read one tenant as one app, with one budget of requests in one database."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time

from benchmarks.reader import NOW, Tenant, prepare_sync

DAYS = 16  # of sign-ins that are read, half of them by each process, a day at a time


def share_budget(tenant: Tenant) -> dict[str, float]:
    """Both together: rows, requests, refusals, and seconds from the first request to the last answer."""
    command = [sys.executable, "-m", "benchmarks.shared"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*command, folder, "add", json.dumps(tenant)], check=True)
        halves = [subprocess.Popen([*command, folder, which], stdout=subprocess.PIPE, text=True) for which in "01"]
        told = [json.loads(half.communicate()[0].splitlines()[-1]) for half in halves]
    figures = {name: sum(one[name] for one in told) for name in ("rows", "requests", "throttled")}
    figures["seconds"] = max(one["end"] for one in told) - min(one["begin"] for one in told)
    return figures


def read_half(folder: str, which: int) -> dict[str, float]:
    """Every second day, through the client, the pacer and the database of the command."""
    import os

    os.environ["SEATKEEPER_HOME"] = folder
    from seatkeeper.cli.start import open_home

    open_home()
    from seatkeeper.clock import days
    from seatkeeper.model import to_instant
    from seatkeeper.store.models import Connection
    from seatkeeper.sync.connecting import open_connector

    connection = Connection.objects.get()
    with open_connector(connection) as connector:
        client = vars(connector)["client"]
        client.tokens.token()
        rows, begin = 0, time.time()
        for day in range(which, DAYS, 2):
            newest = to_instant(NOW) - days(day)
            rows += sum(
                len(page.records) for page in connector.read_sign_ins(connector.wanted, newest - days(1), newest)
            )
        counted, end = client.counters, time.time()
        told = {"rows": rows, "requests": counted.requests, "throttled": counted.throttled}
        return {**told, "begin": begin, "end": end}


def main() -> None:
    folder, what = sys.argv[1:3]
    if what == "add":
        prepare_sync(json.loads(sys.argv[3]), "sqlite", folder, {}, paced=True)
    else:
        print(json.dumps(read_half(folder, int(what))))


if __name__ == "__main__":
    main()
