"""A sandbox in a process of its own: says how to reach it on one line, and ends with its parent."""

from __future__ import annotations

import json
import sys

from seatkeeper.sandbox.serve import Sandbox
from seatkeeper.sandbox.world.tenant import Settings

ALL = "everything"  # instead of a fault: the tenant has every product


def main() -> None:
    people, sign_ins, faults = int(sys.argv[1]), int(sys.argv[2]), [fault for fault in sys.argv[3:] if fault != ALL]
    settings = Settings(
        people=people,
        days=30,
        seed=7,
        now="2026-08-01T06:00:00Z",
        sign_ins=sign_ins or None,
        everything=ALL in sys.argv,
    )
    with Sandbox(settings=settings, faults=faults) as sandbox:
        print(json.dumps(sandbox.ready()), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
