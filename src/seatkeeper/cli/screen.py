"""What a person sees: tables on stdout, everything else on stderr, nothing that a name could make a terminal do."""

from __future__ import annotations

import enum
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from seatkeeper.tabular.tables import Table


class Format(enum.StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


FORMAT = typer.Option(Format.TABLE, "--format", "-f", help="How rows are written.")
OUTPUT = typer.Option(None, "--output", "-o", help="Write to this file instead of the screen.", dir_okay=False)


def say(text: str) -> None:
    """A line for the person; scripts that read stdout never see it."""
    typer.echo(text, err=True)


def complain(text: str) -> None:
    typer.echo(typer.style("Error: ", fg="red", bold=True) + text, err=True)


def read_file(path: Path) -> bytes:
    """A file that somebody named. Raises BadInput when it cannot be read."""
    from seatkeeper.errors import BadInput

    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput("file", f"{path} cannot be read ({error.strerror}).") from error


def out() -> Console:
    """A console that never cuts a cell when nobody watches: a pipe has no width."""
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            """The library's own way ends as a bug would (1); nobody reads on, and that is none."""
            self.quiet = True
            raise BrokenPipeError

    return Screen(width=None if sys.stdout.isatty() else 1000, highlight=False, markup=False)


@contextmanager
def out_to(file: Path | None) -> Iterator[Console]:
    """The same, or one whose text becomes a file when all of it is there."""
    if file is None:
        yield out()
        return
    from rich.console import Console

    text = io.StringIO()
    yield Console(file=text, width=1000, highlight=False, markup=False)
    write_file(file, text.getvalue().encode())


def clean(text: str) -> str:
    """Names come from the tenant: control and direction characters are shown, not obeyed."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "�" for c in text)


def short_time(text: str) -> str:
    return f"{text[:10]} {text[11:16]}"


def print_table(table: Table, form: Format, output: Path | None, *, hide: Sequence[str] = (), empty: str = "") -> None:
    """Rows in the chosen form. `hide` leaves columns out of the form for people; `empty` says the next step."""
    if form is not Format.TABLE:
        from seatkeeper.services.exports import write_text

        lines = write_text(table, form)
        if output is None:
            sys.stdout.writelines(lines)
        else:
            write_file(output, "".join(lines).encode())
        return
    if not table.rows and empty:
        say(empty)
        return
    with out_to(output) as console:
        console.print(to_rich(table, hide))
    if table.times:
        say("Times are in UTC.")


def write_file(path: Path, body: bytes) -> None:
    """Write a file whole or not at all: it gets its name when all of it is on the disk.

    A link, and what is no file (a pipe, /dev/stdout), is written to and stays what it is.
    """
    from seatkeeper.errors import BadInput

    special = path.is_symlink() or (path.exists() and not path.is_file())
    draft = path if special else path.with_name(f".{path.name}.part")
    try:
        draft.write_bytes(body)
        if not special:
            draft.replace(path)
    except OSError as error:
        if not special:
            draft.unlink(missing_ok=True)
        raise BadInput("--output", f"{path} cannot be written ({error.strerror}). Nothing was left there.") from error


def to_rich(table: Table, hide: Sequence[str] = ()) -> object:
    from rich import box
    from rich.table import Table as RichTable

    shown = [number for number, column in enumerate(table.columns) if column not in hide]
    grid = RichTable(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for number in shown:
        column = table.columns[number]
        numeric = any(isinstance(row[number], int) and column not in table.times for row in table.rows)
        grid.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in table.written():
        texts = []
        for number in shown:
            cell = row[number]
            if cell is None:
                texts.append("–")
            elif isinstance(cell, bool):
                texts.append("yes" if cell else "")
            elif isinstance(cell, int):
                texts.append(f"{cell:,}")
            else:
                texts.append(short_time(str(cell)) if table.columns[number] in table.times else clean(str(cell)))
        grid.add_row(*texts)
    return grid
