"""What a run asked of the disk, in order, out of the record that strace kept of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.crash.children import Child, follow

CALLS = "openat,pwrite64,write,ftruncate,fdatasync,fsync,unlink,unlinkat,rename"
TOLD = "told"  # a byte is written to this file whenever a commit has returned
SHARED_MEMORY = "-shm"  # the index of a write-ahead log is made anew by whoever opens the database first


class Made(NamedTuple):
    file: str


class DeletedHolder(NamedTuple):
    file: str


class Write(NamedTuple):
    file: str
    at: int
    data: bytes


class Cut(NamedTuple):
    """The file ends here from now on."""

    file: str
    size: int


class Sync(NamedTuple):
    """What was written to the file has reached the disk; with no name, what the folder lists."""

    file: str


class Told(NamedTuple):
    """The run was told that its transaction is committed."""


Step = Made | DeletedHolder | Write | Cut | Sync | Told


def record(child: Child, database: Path, out: Path) -> tuple[int, list[Step]]:
    """Let it run; its exit code, and what it did to the database and the files beside it."""
    code = follow(child, "-y", "-xx", "-s", "1000000", "-o", str(out), "-e", f"trace={CALLS}")
    return code, list(_steps(out, database))


def _steps(out: Path, database: Path) -> Iterator[Step]:
    there = {path.name for path in database.parent.iterdir() if path.name.startswith(database.name)}
    begun: dict[str, str] = {}
    for line in out.read_text("ascii").splitlines():
        thread, _, words = line.partition(" ")
        words = words.lstrip()
        if words.endswith("<unfinished ...>"):
            begun[thread] = words.removesuffix("<unfinished ...>")
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>", words):
            words = begun.pop(thread) + words[resumed.end() :]
        call = re.fullmatch(r"(\w+)\((.*)\) += (\d+)(?:<.*>)?", words)
        if call:  # else it failed, or says that a thread has ended
            yield from _step(call[1], call[2], int(call[3]), database, there)


def _step(call: str, given: str, result: int, database: Path, there: set[str]) -> Iterator[Step]:
    path = _path(call, given)
    name = path.name
    if path.parent == database.parent and name == TOLD and call == "write":
        yield Told()
    elif path == database.parent and call in ("fsync", "fdatasync"):
        yield Sync("")
    elif path.parent == database.parent and name.startswith(database.name) and not name.endswith(SHARED_MEMORY):
        if call == "openat":
            if "O_CREAT" in given and name not in there:
                there.add(name)
                yield Made(name)
        elif call in ("unlink", "unlinkat"):
            there.discard(name)
            yield DeletedHolder(name)
        else:
            yield _change(call, name, given, result)


def _change(call: str, name: str, given: str, result: int) -> Step:
    if call == "pwrite64":
        data, _, rest = given.partition('"')[2].partition('"')
        return Write(name, int(rest.split(",")[2]), _bytes(data)[:result])
    if call == "ftruncate":
        return Cut(name, int(given.rpartition(",")[2]))
    if call in ("fsync", "fdatasync"):
        return Sync(name)
    raise ValueError(f"{call} of {name}: this model of a disk does not know it")


def _path(call: str, given: str) -> Path:
    """What a call is about: the file that its number stands for, or the path that it names."""
    quote = '"' if call in ("openat", "unlink", "unlinkat", "rename") else "<"
    text = given.partition(quote)[2].partition(">" if quote == "<" else '"')[0]
    return Path(_bytes(text).decode("utf-8", "replace") if text.startswith("\\x") else text)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
