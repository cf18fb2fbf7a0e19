"""The Tab key: Typer's completion, which docs/installing.md promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_a_shell_completes_commands_and_options() -> None:
    def completed(words: str) -> list[str]:
        asked = {"_SEATKEEPER_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        command = [Path(sys.executable).with_name("seatkeeper")]  # what a shell calls it by
        done = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.split()

    assert "connections" in completed("seatkeeper con")
    assert "--no-scheduler" in completed("seatkeeper serve --no")
