"""The tools that look at what is in deploy/. `make deploy-checks` installs them by their lock."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
DEPLOY: Final = ROOT / "deploy"
TOOLS: Final = ROOT / ".venv/deploy"


def tool(place: str) -> Path:
    """Where it is, or else the test is skipped: bare `make test` does without these tools."""
    found = next(TOOLS.glob(place), None)
    if found is None:
        pytest.skip(f"{place} is not in {TOOLS}: run `make deploy-checks`")
    return found


def system_tool(name: str) -> str:
    """One of the machine's own, or else the test is skipped."""
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def check(*command: str | Path, cwd: Path = ROOT) -> str:
    """What it prints; fails with all of it when it finds anything wrong."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
