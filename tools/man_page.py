"""The manual page seatkeeper(1), from the commands themselves and from docs/settings.md: `man_page()` is its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from seatkeeper import __version__
from seatkeeper.cli import main

SETTINGS = Path(__file__).parent.parent / "docs" / "settings.md"


def man_page() -> str:
    """In the format of man(7). The same source gives the same text: it has no date."""
    root = typer.main.get_command(main.app)
    lines = [
        f'.TH SEATKEEPER 1 "" "Seatkeeper {__version__}" "User Commands"',
        ".SH NAME",
        _escaped(f"seatkeeper - {str(root.help).rstrip('.')}"),
        ".SH SYNOPSIS",
        r".B seatkeeper \fICOMMAND\fR [\fIOPTIONS\fR]",
        ".PP",
        _escaped("seatkeeper --version, seatkeeper COMMAND --help"),
        ".SH COMMANDS",
    ]
    for words, command in commands(root, "seatkeeper"):
        context = command.context_class(command, info_name=words)
        usage = " ".join(command.collect_usage_pieces(context)).replace("{", "").replace("}", "")
        lines += [f'.SS "{_escaped(words)} {_escaped(usage)}"', _escaped(str(command.help))]
        for option, text in filter(None, (each.get_help_record(context) for each in command.params)):
            lines += [".TP", rf"\fB{_escaped(option)}\fR", _escaped(text)]
    # What an exit code means stands in main.py, below its first paragraph.
    lines += [".SH EXIT STATUS", _escaped(str(main.__doc__).partition("\n\n")[2]), ".SH ENVIRONMENT"]
    for name, text in re.findall(r"^- `(SEATKEEPER_\w+)`: (.*(?:\n  .*)*)", SETTINGS.read_text("utf-8"), re.MULTILINE):
        prose = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", text).replace("`", "").replace("*", "")
        lines += [".TP", rf"\fB{name}\fR", _escaped(prose)]
    return "\n".join(lines) + "\n"


def commands(group: Any, words: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}", command


def _escaped(text: str) -> str:
    """As man prints it: a hyphen that can be copied, and no line that begins with what it takes for an order."""
    flat = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return re.sub(r"^([.'])", r"\\&\1", flat)
