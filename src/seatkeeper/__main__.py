"""Start of every `seatkeeper` command."""

from __future__ import annotations

from seatkeeper.cli.main import run

if __name__ == "__main__":
    run()
