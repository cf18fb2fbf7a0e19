"""Names are chosen by whoever may set one in the tenant, some by whoever tries to sign in: they are text, no more."""

from __future__ import annotations

import csv
import io
import json

import pytest

from seatkeeper.cli import screen
from seatkeeper.sandbox.faults import names
from seatkeeper.services import coverage, findings, roster, suspicious
from seatkeeper.store.models import Account, Quarantine
from seatkeeper.tabular.tables import Table, to_csv, to_json, to_jsonl
from tests.people import NOW, Tenant, open_tenant

pytestmark = pytest.mark.deep

VALUES = {name: values for _, name, _, _, values in names._KINDS} | {"hostile-log": ()}
STARTS = tuple("=+-@\t\r\0＝")


@pytest.mark.parametrize("fault", VALUES)
@pytest.mark.usefixtures("sqlite")
def test_a_name_is_text_and_no_more(fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    read_and_show(fault, capsys)


@pytest.mark.usefixtures("database")
def test_odd_letters_are_the_same_on_every_database(capsys: pytest.CaptureFixture[str]) -> None:
    read_and_show("odd-unicode-names", capsys)


def read_and_show(fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    with open_tenant(people=100, faults=[fault]) as tenant:
        assert {result.exit_code for result in tenant.sync()} == {0}
        nobody_is_lost_or_changed(tenant, VALUES[fault])
        # Whoever tries to sign in chooses what the log says of him; nothing of that decides who is who.
        assert all("2026-07" < row["Last Seen"] <= NOW for row in tenant.suspicious())
        for table in tables(tenant):
            exports_are_whole_and_run_nowhere(table)
            screen.print_table(table, screen.Format.TABLE, None)
            assert all(line.isprintable() for line in capsys.readouterr().out.split("\n"))


def nobody_is_lost_or_changed(tenant: Tenant, values: tuple[str, ...]) -> None:
    """Names are kept letter by letter; a letter that no database can hold becomes the sign for one that was lost."""
    kept = set(Account.objects.values_list("display_name", flat=True))
    assert bool(kept & {value.replace("\0", "\ufffd") for value in values}) == bool(values)
    assert not Quarantine.objects.exists()
    assert Account.objects.count() == 100
    true = {row["object_id"] for row in tenant.sandbox.truth()["roster"]}
    assert {row["Object ID"] for row in tenant.roster()} == true


def tables(tenant: Tenant) -> list[Table]:
    shown = (tenant.who, tenant.name)
    return [
        roster.roster(*shown),
        roster.access(*shown),
        suspicious.suspicious(*shown),
        findings.findings(*shown),
        coverage.quarantine(*shown),
    ]


def exports_are_whole_and_run_nowhere(table: Table) -> None:
    before = csv.field_size_limit(10_000_000)  # else the reader refuses, which is not ours to test
    lines = list(csv.reader(io.StringIO("".join(to_csv(table)), newline="")))
    csv.field_size_limit(before)
    assert len(lines) == len(table.rows) + 1
    assert not [cell for line in lines for cell in line if cell.startswith(STARTS)]
    plain = [dict(zip(table.columns, row, strict=True)) for row in table.written()]
    assert json.loads("".join(to_json(table))) == plain
    assert [json.loads(line) for line in "".join(to_jsonl(table)).split("\n") if line] == plain


@pytest.mark.parametrize("start", ['"=1+1', " =1+1", "'=1+1", '" =1', "\n=1+1"])
def test_a_formula_behind_a_quote_or_a_space_is_disarmed_too(start: str) -> None:
    (_, line) = csv.reader(io.StringIO("".join(to_csv(Table(["Name"], [[start]])))), strict=True)
    assert line[0].startswith("'")
    assert line[0].removeprefix("'") == start
