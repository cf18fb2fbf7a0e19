"""The list of employees at the command line: checked, imported, listed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Shell

LIST = (
    "Email,Status\nsean.o'neil@contoso.example,Active\nada@contoso.example,Active\n(Unknown),Active\n"
    "bo@contoso.example,Active\nBO@contoso.example,Terminated\n"
)


def test_a_list_is_checked_then_imported_without_the_rows_that_are_named_then_listed(
    shell: Shell, tmp_path: Path
) -> None:
    assert "There is no list of employees yet" in shell.run("employees", "list").err
    file = tmp_path / "people.csv"
    file.write_text(LIST)
    checked = shell.run("employees", "import", str(file), "--check")
    assert checked.code == 2
    assert "2 of 5 rows were taken. This was a check" in checked.err
    for said in (
        "row 4, Email: It says nobody ((Unknown)).",
        "row 5, Works here: bo@contoso.example is in rows 5 and 6",
    ):
        assert said in checked.err
    assert json.loads(shell.run("employees", "list", "--format", "json").out) == []
    done = shell.run("employees", "import", str(file))
    assert (done.code, done.out) == (0, "")
    assert "2 of 5 rows were taken. The list has 2 employees now." in done.err
    listed = json.loads(shell.run("employees", "list", "--format", "json").out)
    assert [(row["Email"], row["Works here"]) for row in listed] == [
        ("ada@contoso.example", True),
        ("sean.o'neil@contoso.example", True),
    ]
    assert shell.run("employees", "list", "--format", "csv").out.startswith("Email,First name,")


def test_a_file_without_one_right_row_leaves_the_list_as_it_was(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(LIST)
    shell.run("employees", "import", str(file))
    file.write_text("Email\nnobody\n")
    refused = shell.run("employees", "import", str(file))
    assert refused.code == 2
    assert "the list stays as it was" in refused.err
    assert len(json.loads(shell.run("employees", "list", "--format", "json").out)) == 2
