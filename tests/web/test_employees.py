"""Importing the list of employees: looked at first, then replaced whole, and nothing in it does anything."""

from __future__ import annotations

import io
import os
import stat
import time

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seatkeeper.errors import BadInput, NotAllowed, NotFound
from seatkeeper.jobs import housekeeping
from seatkeeper.services import employees, uploads
from seatkeeper.services.members import ROLES, Role, Who, who_is
from seatkeeper.store.models import AuditEvent, Employee, Organization
from seatkeeper.tabular.employee_lists import EmployeeList, guess, to_list
from seatkeeper.tabular.lines import parse

from .conftest import NewMember, SignedIn

LIST = (
    "Email,First Name,Last Name,Status,Department\nAda@Example.com,Ada,Berg,active,Sales\nbo@example.com,Bo,Li,left,\n"
)


def read_list(data: bytes, encoding: str = "") -> EmployeeList:
    return to_list(parse(data, "people.csv", encoding))


@pytest.fixture
def browser(signed_in: SignedIn) -> Client:
    return signed_in(Role.APPLICATIONS)


def send(browser: Client, data: bytes | str, encoding: str = "") -> str:
    """Upload and come to the preview's address."""
    data = data.encode() if isinstance(data, str) else data
    answer = browser.post(
        "/employees/import", {"file": SimpleUploadedFile("../../etc/passwd", data), "encoding": encoding}
    )
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def test_a_list_is_looked_at_and_then_takes_the_place_of_the_one_there_was(
    browser: Client, organization: Organization
) -> None:
    Employee.objects.create(organization=organization, email="old@example.com", imported=1)
    address = send(browser, LIST)
    html = browser.get(address).content.decode()
    assert "2 rows, 2 valid" in html
    assert [e.email for e in Employee.objects.all()] == ["old@example.com"]
    assert browser.post(address.partition("?")[0], {"encoding": ""}).status_code == 302
    kept = {e.email: (e.first_name, e.active, e.department) for e in Employee.objects.all()}
    assert kept == {"ada@example.com": ("Ada", True, "Sales"), "bo@example.com": ("Bo", False, "")}
    assert AuditEvent.objects.get(action="employees.imported").subject == "2 employees"
    assert browser.get(address).status_code == 404  # the upload is gone with the import


def test_every_wrong_row_is_named_by_its_number_and_column_before_anything_is_saved(browser: Client) -> None:
    text = "mail;aktiv\na@x.de;ja\nnonsense;ja\n;nein\nA@X.de;ja\nb@x.de;vielleicht\nc@x.de;\n"
    found = read_list(text.encode())
    assert [(w.row, w.field) for w in found.wrong] == [
        (3, "Email"), (4, "Email"), (5, "Email"), (6, "Works here"), (7, "Works here"),
    ]  # fmt: skip
    assert "row 2" in found.wrong[2].message
    assert list(found.people) == ["a@x.de"]
    address = send(browser, text)
    html = browser.get(address).content.decode()
    assert "Import 1 employee, leave out 5" in html


def test_columns_are_guessed_and_what_was_guessed_wrong_is_corrected(browser: Client) -> None:
    assert guess(["Nachname", "Prénom", "E-Mail-Adresse", "Cost Centre"]) == {
        "email": 2, "first_name": 1, "last_name": 0, "cost_center": 3,
    }  # fmt: skip
    address = send(browser, "who,name\nada@example.com,Ada\n").partition("?")[0]
    assert "nothing to import yet" in browser.get(address).content.decode()
    assert "1 row, 1 valid" in browser.get(address, {"email": "0", "first_name": "1"}).content.decode()
    browser.post(address, {"email": "0", "first_name": "1"})
    assert Employee.objects.get().first_name == "Ada"


def test_of_two_columns_of_one_name_somebody_says_which_is_meant(browser: Client) -> None:
    address = send(browser, "email,Status,status\nada@example.com,active,left\n").partition("?")[0]
    assert "2 columns are called &#x27;Status&#x27;" in browser.get(address).content.decode()
    assert browser.post(address, {"encoding": ""}).status_code == 422
    assert not Employee.objects.exists()
    browser.post(address, {"email": "0", "active": "2"})
    assert not Employee.objects.get().active


@pytest.mark.parametrize("mapping", [{"email": "7"}, {"email": "x"}, {"email": "-1"}, {"email": "9" * 30}])
def test_a_column_that_is_not_there_is_refused(browser: Client, mapping: dict[str, str]) -> None:
    address = send(browser, LIST).partition("?")[0]
    assert browser.post(address, mapping).status_code == 422
    assert not Employee.objects.exists()


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("\ufeffemail\nzoë@example.com\n".encode(), ""),
        ("email\nzoë@example.com\n".encode("utf-16"), ""),
        ("email\nzoë@example.com\n".encode("utf-16-be"), ""),
        ("email\nzoë@example.com\n".encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_found_or_chosen(data: bytes, encoding: str) -> None:
    if data.startswith(b"\0"):
        data = b"\xfe\xff" + data
    assert list(read_list(data, encoding).people) == ["zoë@example.com"]


def test_what_windows_writes_is_read_and_said_and_another_encoding_is_asked_for() -> None:
    found = read_list("email\nzoë@example.com\n".encode("cp1252"))
    assert list(found.people) == ["zoë@example.com"]
    assert "1 of 1 row was taken. The file was read as Windows-1252." in found.taken
    with pytest.raises(BadInput, match="Windows-1252"):
        read_list(b"email\nzo\x81@example.com\n")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found_and_quoted_cells_are_one(separator: str) -> None:
    text = f'email{separator}department\na@x.de{separator}"A{separator} ""B"""\n'
    expected = " ".join(f'A{separator} "B"'.split())
    assert read_list(text.encode()).people["a@x.de"].department == expected


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "empty"), (b"\n\n", "empty"), (b'email\n"a@x.de', "not CSV"), (b"email\n" + b"x" * 140_000, "not CSV")],
)
def test_a_file_that_is_no_list_is_refused_in_words(browser: Client, data: bytes, words: str) -> None:
    answer = browser.post("/employees/import", {"file": SimpleUploadedFile("x.csv", data or b"\n")})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_file_or_a_list_that_is_too_large_is_refused(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = browser.post("/employees/import", {"file": SimpleUploadedFile("x.csv", b"a" * (10 * 2**20 + 1))})
    assert answer.status_code == 422
    monkeypatch.setattr("seatkeeper.tabular.lines.MOST_ROWS", 2)
    with pytest.raises(BadInput, match="more than 2 rows"):
        read_list(b"email\na@x.de\nb@x.de\nc@x.de\n")


def test_hostile_cells_are_text_on_the_page_and_in_files(browser: Client) -> None:
    rows = 'email,department\na@x.de,=cmd|calc\nb@x.de,<script>alert(1)</script>\nc@x.de,"a\u202eb"\nd@x.de,x\x00y\n'
    address = send(browser, rows)
    html = browser.get(address).content.decode()
    assert "<script>alert" not in html
    assert "2 rows are not valid" in html  # a sign that turns the text round, and one that is none
    browser.post(address.partition("?")[0], {})
    assert "<script>alert" not in browser.get("/employees").content.decode()
    table = b"".join(browser.get("/employees/export.csv")).decode("utf-8-sig")
    assert "'=cmd|calc" in table


def test_an_upload_is_only_its_organizations_and_only_for_an_hour(
    browser: Client, signed_in: SignedIn, other_organization: Organization
) -> None:
    address = send(browser, LIST)
    (path,) = housekeeping.uploads().glob(f"*.{address.partition('?')[0].rpartition('/')[2]}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signed_in(Role.ADMINISTER, other_organization).get(address).status_code == 404
    assert signed_in(Role.VIEWER).get(address).status_code == 403
    os.utime(path, (time.time() - housekeeping.UPLOADS_KEPT - 1,) * 2)
    assert browser.get(address).status_code == 404
    assert not path.exists()


def test_a_member_keeps_only_the_newest_uploads(organization: Organization, new_member: NewMember) -> None:
    one, other = (who_is(new_member().pk) for _ in range(2))
    theirs = uploads.keep(other, b"theirs", 10)
    names = [uploads.keep(one, str(number).encode(), 10) for number in range(uploads.MOST_OF_ONE + 2)]
    for age, name in enumerate(reversed(names)):
        for path in housekeeping.uploads().glob(f"*.{name}"):
            os.utime(path, (time.time() - age,) * 2)
    # A name without its file is what a list shows of one that another request has just taken away.
    gone = housekeeping.uploads() / f"{organization.pk}.{one.member_id}.gone"
    gone.symlink_to("nowhere")
    newest = uploads.keep(one, b"newest", 10)
    gone.unlink()
    assert len(list(housekeeping.uploads().glob(f"{organization.pk}.{one.member_id}.*"))) == uploads.MOST_OF_ONE
    assert uploads.read(one, newest) == b"newest"
    assert uploads.read(other, theirs) == b"theirs"
    with pytest.raises(NotFound):
        uploads.read(one, names[0])
    with pytest.raises(NotFound):
        uploads.read(one, theirs)


def test_the_services_themselves_ask_for_the_right(organization: Organization) -> None:
    viewer = Who(organization.pk, "viewer", ROLES[Role.VIEWER])
    for call in (employees.keep_upload, employees.preview, employees.import_list):
        with pytest.raises(NotAllowed):
            call(viewer, b"")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["../secret.key", "..%2fsecret.key", "x" * 32, "%00" * 32, "ａ" * 32])
def test_a_name_never_leads_out_of_the_folder(browser: Client, name: str) -> None:
    assert browser.get(f"/employees/import/{name}").status_code == 404


def test_of_a_list_without_one_right_row_nothing_is_imported(browser: Client, organization: Organization) -> None:
    Employee.objects.create(organization=organization, email="old@example.com", imported=1)
    address = send(browser, "email\nnonsense\n")
    assert browser.post(address.partition("?")[0], {}).status_code == 422
    assert Employee.objects.get().email == "old@example.com"


def test_the_list_is_the_organizations_own(
    browser: Client, signed_in: SignedIn, other_organization: Organization
) -> None:
    browser.post(send(browser, LIST).partition("?")[0], {})
    assert "ada@example.com" not in signed_in(Role.ADMINISTER, other_organization).get("/employees").content.decode()
    assert "ada@example.com" in signed_in(Role.VIEWER).get("/employees?q=ADA").content.decode()
    assert housekeeping.uploads().is_dir()


@pytest.mark.parametrize(
    "address",
    [
        "sean.o'neil@contoso.example", "ada+hr@contoso.example", "jürgen.müßig@contoso.example",
        "a#b!c^d~e@contoso.example",
        "ada_gmail.com#EXT#@contoso.onmicrosoft.com", "x" * 64 + "@" + ".".join(["d" * 60] * 4) + ".example",
        "имя@пример.рф",
    ],
)  # fmt: skip
def test_what_a_directory_takes_as_an_address_is_taken(address: str) -> None:
    found = read_list(f"Email,Status\n{address},Active\n".encode())
    assert (list(found.people), found.wrong) == ([address.casefold()], [])


def test_two_rows_of_a_person_that_contradict_are_both_left_out_and_named() -> None:
    found = read_list(b"email,active\na@x.de,yes\nb@x.de,yes\nA@x.de,no\nb@x.de,yes\na@x.de,yes\n")
    assert list(found.people) == ["b@x.de"]
    assert [wrong.row for wrong in found.wrong] == [2, 4, 5, 6]
    assert found.wrong[0].message == found.wrong[1].message
    assert "a@x.de is in rows 2 and 4" in found.wrong[0].message
    assert found.taken == "1 of 5 rows was taken."


def test_a_workbook_is_taken_too(browser: Client) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["Email", "Status"], ["ada@example.com", "Active"], ["(Unknown)", "Active"]):
        book.active.append(row)
    body = io.BytesIO()
    book.save(body)
    page = browser.post(send(browser, body.getvalue()).partition("?")[0], {}, follow=True).content.decode()
    assert "1 of 2 rows was taken." in page
    assert [e.email for e in Employee.objects.all()] == ["ada@example.com"]
