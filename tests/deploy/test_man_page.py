"""seatkeeper(1): whole, and clean to the program that shows it."""

from __future__ import annotations

import re
import runpy
import subprocess
from pathlib import Path

import pytest

from tests.test_promises import COMMANDS

from .tools import ROOT, system_tool

PAGE: str = runpy.run_path(str(ROOT / "tools/man_page.py"))["man_page"]()
PLAIN = PAGE.replace(r"\-", "-")


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_and_each_of_its_options_stand_in_the_manual_page(words: str) -> None:
    section = PLAIN.partition(f'.SS "{words} [')[2].partition("\n.S")[0]
    assert section
    for parameter in COMMANDS[words].params:
        option = next((name for name in parameter.opts if name.startswith("--") and name != "--help"), None)
        assert option is None or parameter.hidden or option in section, option


def test_every_setting_and_exit_code_stands_in_it() -> None:
    settings = re.findall(r"^- `(SEATKEEPER_\w+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    assert settings
    assert [name for name in settings if f"\\fB{name}\\fR" not in PLAIN] == []
    codes = PLAIN.partition(".SH EXIT STATUS\n")[2].partition("\n.SH")[0]
    assert [code for code in range(7) if f"{code} " not in codes] == []


def test_the_program_that_shows_it_finds_nothing_odd_in_it(tmp_path: Path) -> None:
    path = tmp_path / "seatkeeper.1"
    path.write_text(PAGE)
    command = [system_tool("man"), "--warnings", "--local-file", "--encoding=UTF-8", str(path)]
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "MANWIDTH": "200"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    assert done.stderr == ""
    assert "seatkeeper demo [OPTIONS]" in done.stdout
