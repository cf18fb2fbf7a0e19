"""`seatkeeper catalog`: what an import changes, in rows and sentences, with its exit codes, and in other processes."""

from __future__ import annotations

import json

from seatkeeper.connectors.microsoft.products import load_shipped
from seatkeeper.connectors.sku_lists import EVERY, ProductTable
from seatkeeper.sync.sku_lists import KeptLists
from tests.cli.conftest import Shell
from tests.conftest import connected
from tests.skus import NEW, PRODUCTS, listed, shipped, to_rows, write, write_rows

VISIO = PRODUCTS["microsoft-visio"]
MONTH = [*shipped(VISIO.key), listed("Visio Plan 3")]


def save(shell: Shell, body: bytes, name: str = "august.csv") -> str:
    path = shell.home.parent / name
    path.write_bytes(body)
    return str(path)


def test_an_import_says_what_it_changes_and_the_catalogue_shows_it(shell: Shell) -> None:
    file = save(shell, write(MONTH))
    dry = shell.run("catalog", "import", file, "--dry-run")
    assert dry.code == 0
    assert dry.err == "1 SKU is new (1 with Microsoft Visio).\nThis was a dry run: nothing was imported.\n"
    done = shell.run("catalog", "import", file)
    assert (done.code, done.out) == (0, dry.out)
    assert [line.split() for line in done.out.splitlines() if "NEW_SKU" in line] == [
        ["new", "NEW_SKU", "Visio", "Plan", "3", "Microsoft", "Visio", "seat", "(guessed)"]
    ]
    shown = shell.run("catalog", "list", "--product", VISIO.key, "--format", "json")
    rows = json.loads(shown.out)
    assert len(rows) == len(VISIO.skus) + 1
    assert {
        "Product": VISIO.key, "SKU": "NEW_SKU", "Title": "Visio Plan 3", "Kind": "seat", "Guessed": True, "SKU ID": NEW
    } in rows  # fmt: skip
    assert "Microsoft: table of 2026-08-21." in shown.err
    assert "august.csv with 8 SKUs was imported on " in shown.err
    assert "Visio Plan 3" in shell.run("catalog").out
    again = shell.run("catalog", "import", file)
    assert (again.code, again.out, again.err[:40]) == (0, "", "august.csv was imported already, on 2026")
    assert shell.run("catalog", "reset").err == "1 SKU is not listed any more.\n"
    assert "Visio Plan 3" not in shell.run("catalog", "list").out


def test_a_file_that_is_not_the_right_one_is_refused_with_its_rows(shell: Shell) -> None:
    rows = to_rows(MONTH)
    for row in rows:
        row[2] = row[2][:-1]
    done = shell.run("catalog", "import", save(shell, write_rows([*rows, *rows])))
    assert (done.code, done.out) == (2, "")
    told = done.err.splitlines()
    assert told[0] == f"Error: row 2, GUID: {rows[0][2]!r} is not a GUID."
    assert len(told) == 21
    assert told[-1].endswith("more rows are wrong. Nothing was imported.")
    assert shell.run("catalog", "import", save(shell, b"User,Mail\nada,a@b.example\n")).code == 2
    assert shell.run("catalog", "import", "nowhere.csv").code == 2
    assert shell.run("catalog", "list", "--product", "nope").code == 2
    assert "imported" not in shell.run("catalog").err


def test_another_process_sees_an_import_within_seconds_and_without_a_restart(shell: Shell) -> None:
    file, moment = save(shell, write(MONTH)), [0.0]
    with connected(f"sqlite://{shell.home / 'seatkeeper.sqlite3'}"):
        table = ProductTable("microsoft", load_shipped, lambda: moment[0])
        ProductTable.follow(KeptLists())
        assert table.load() is load_shipped()
        assert shell.start("catalog", "import", file).code == 0
        assert table.load() is load_shipped()
        moment[0] += EVERY
        titles = {sku.title for product in table.load().products for sku in product.skus}
        assert "Visio Plan 3" in titles
        assert shell.start("catalog", "reset").code == 0
        moment[0] += EVERY
        assert table.load() is load_shipped()
