"""A list of tenants: every wrong row is named, nothing is added before it is right, and no secret is ever shown."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from seatkeeper.clock import system_clock
from seatkeeper.errors import BadInput, ChangedMeanwhile, NotAllowed, NotFound
from seatkeeper.jobs.housekeeping import uploads
from seatkeeper.services import customers
from seatkeeper.services.customers import CustomerRow, Preview
from seatkeeper.services.members import ROLES, Role, operator
from seatkeeper.store.models import Application, AppRegistration, AuditEvent, Connection, ConsentLink, Task
from seatkeeper.sync.connecting import open_credential
from tests.sandbox.test_identity import make_certificate

pytestmark = pytest.mark.usefixtures("database")

HEAD = "Name,Tenant,Client ID,Secret,Products,Tags\n"
SECRET = "Sk8~this-must-be-seen-nowhere-at-all"
CLIENT = "22222222-2222-4222-8222-222222222222"


def line(number: int, name: str = "", tenant: str = "", secret: str = SECRET, products: str = "office-365") -> str:
    tenant = tenant or str(uuid.UUID(int=number, version=4))
    return f"{name or f'Customer {number}'},{tenant},{CLIENT},{secret},{products},gold;north\n"


def look(text: str | bytes, folder: Path | None = None) -> Preview:
    body = text if isinstance(text, bytes) else text.encode()
    return customers.preview_file(operator(), body, "list.csv", folder=folder)


def told(preview: Preview) -> list[str]:
    return [str(wrong) for wrong in preview.wrong]


def test_a_list_becomes_connections_with_tasks_and_applications() -> None:
    text = HEAD.replace("Tags", "Tags,Tasks,Threshold,Secret Expires") + line(1).replace(
        "\n", ",roster|licenses,45,2099-01-01\n"
    )
    text += line(2, tenant="Contoso.OnMicrosoft.com", products='"microsoft-project, microsoft-visio"').replace(
        "\n", ",,,\n"
    )
    added = customers.add(operator(), look(text))
    assert added.words == "2 tenants added"
    first, second = Connection.objects.order_by("pk")
    assert (first.directory_id, second.tenant_id, second.directory_id) == (
        first.tenant_id,
        "contoso.onmicrosoft.com",
        "",
    )
    assert [open_credential(each).reveal() for each in (first, second)] == [SECRET, SECRET]
    assert first.credential_expires is not None
    assert set(Task.objects.filter(connection=first, enabled=True).values_list("key", flat=True)) == {
        "roster",
        "licenses",
    }
    assert list(Application.objects.order_by("pk").values_list("name", "threshold_days", "tags")) == [
        ("Microsoft Office 365 (Customer 1)", 45, "gold, north"),
        ("Microsoft Project (Customer 2)", 60, "gold, north"),
        ("Microsoft Visio (Customer 2)", 60, "gold, north"),
    ]
    assert AuditEvent.objects.filter(action="application.added", who="command line").count() == 3
    assert AuditEvent.objects.get(action="connection.imported").subject == "2 tenants added"


def test_five_hundred_rows_take_less_than_five_seconds() -> None:
    text = HEAD + "".join(line(number, products='"office-365,microsoft-project"') for number in range(1, 501))
    began = time.process_time()
    added = customers.add(operator(), look(text))
    assert time.process_time() - began < 5
    assert (len(added.connections), Application.objects.count()) == (500, 1000)
    assert {open_credential(each).reveal() for each in Connection.objects.all()[:3]} == {SECRET}


WRONG = [
    ("name", "", "row 2, Name: Give a name of 1 to 80 visible characters."),
    ("tenant", "nowhere", "row 2, Tenant: It is neither a GUID nor a domain"),
    ("tenant", "common", "row 2, Tenant: It stands for many tenants"),
    ("client_id", "mine", "row 2, Client ID: It is not a GUID."),
    ("secret", "two words", "row 2, Secret: It holds a space"),
    ("secret", CLIENT, "row 2, Secret: This is a bare GUID"),
    ("secret", "", "row 2, Credential: Give a secret or a certificate, or write federated or consent here."),
    ("secret_expires", "soon", "row 2, Secret Expires: It is not a day such as 2027-08-01"),
    ("certificate", "-----BEGIN x", "row 2, Secret: Give either a client secret or a certificate, and not both."),
    ("certificate", "key.pem", "row 2, Certificate: Give the certificate with its key as PEM text in the cell"),
    ("credential", "trust me", "row 2, Credential: It is none of secret, certificate, federated, consent."),
    ("credential", "federated", "row 2, Credential: Choose"),
    ("credential", "consent", "row 2, Credential: Whoever consents needs none."),
    ("cloud", "mars", "row 2, Cloud: Must be one of global, usgov, dod, china"),
    ("products", "", "row 2, Products: Tick at least one product."),
    ("products", "office-356", "row 2, Products: It is not a product of this vendor. Known: microsoft-project"),
    ("products", "office-365, office-365", "row 2, Products: It is given twice"),
    ("tasks", "dance", "row 2, Tasks: It is not a task. Known: licenses"),
    ("tags", "x" * 41, "row 2, Tags: Give at most 20 tags"),
    ("threshold", "ten", "row 2, Threshold: It is not a number of days."),
    ("threshold", "0", "row 2, Threshold: 0 is not a number of days from 1 to 1095."),
]


@pytest.mark.parametrize(("column", "cell", "message"), WRONG)
def test_what_is_wrong_is_named_by_row_and_column(column: str, cell: str, message: str) -> None:
    cells = {
        "name": "Contoso",
        "tenant": "contoso.com",
        "client_id": CLIENT,
        "secret": SECRET,
        "products": "office-365",
    }
    row = CustomerRow(2, {key: text for key, text in (cells | {column: cell}).items() if text})
    preview = customers.preview_rows(operator(), [row])
    assert any(text.startswith(message) for text in told(preview)), told(preview)
    assert not preview.good
    with pytest.raises(BadInput, match=r"No row is right"):
        customers.add(operator(), preview, only_good=True)


def test_all_that_is_wrong_in_all_rows_is_said_at_once() -> None:
    preview = look(HEAD + line(1, tenant="x", products="y") + line(2) + line(3, secret=" "))
    assert [(wrong.row, wrong.column) for wrong in preview.wrong] == [
        (2, "Products"), (2, "Tenant"), (4, "Credential"), (4, "Secret")
    ]  # fmt: skip
    assert (preview.rows, len(preview.good), preview.left_out) == (3, 1, 2)


def test_nothing_is_added_while_a_row_is_wrong_unless_the_good_ones_are_asked_for() -> None:
    preview = look(HEAD + line(1) + line(2, tenant="x"))
    with pytest.raises(BadInput, match="1 of 2 rows are wrong, so nothing was added"):
        customers.add(operator(), preview)
    assert not Connection.objects.exists()
    assert customers.add(operator(), preview, only_good=True).words == "1 tenant added"
    assert AuditEvent.objects.get(action="connection.imported").detail == "1 rows left out"


def test_a_tenant_stands_once_in_a_list_and_is_not_read_already() -> None:
    tenant = str(uuid.UUID(int=1, version=4))
    preview = look(HEAD + line(1) + line(2, tenant=tenant.upper()) + line(3, name="customer  1"))
    assert told(preview) == [
        "row 3, Tenant: The same tenant is in row 2.", "row 4, Name: The same name is in row 2."
    ]  # fmt: skip
    customers.add(operator(), preview, only_good=True)
    assert told(look(HEAD + line(1))) == [
        "row 2, Tenant: This tenant is read already. Add products on its page."
    ]  # fmt: skip


def test_a_tenant_that_somebody_adds_meanwhile_is_not_doubled() -> None:
    preview, same = look(HEAD + line(1) + line(2)), look(HEAD + line(2))
    customers.add(operator(), same)
    with pytest.raises(ChangedMeanwhile, match="was added meanwhile"):
        customers.add(operator(), preview)
    assert Connection.objects.count() == 1


def test_applications_of_customers_that_are_called_the_same_get_numbers() -> None:
    for number in (1, 2):
        customers.add(operator(), look(HEAD + line(number, name="Contoso")))
    names = Application.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == ["Microsoft Office 365 (Contoso)", "Microsoft Office 365 (Contoso) 2"]


SHIFTED = [f"{SECRET},Contoso,{CLIENT}", f"Contoso,{SECRET},{CLIENT}", f"Contoso,contoso.com,{SECRET}"]


@pytest.mark.parametrize("cells", SHIFTED)
@pytest.mark.parametrize("rest", [f",{CLIENT},office-365,", f",,{SECRET},", f",,office-365|{SECRET},{SECRET}"])
def test_a_secret_in_the_wrong_column_is_not_shown(cells: str, rest: str) -> None:
    preview = look(f"{HEAD}{cells}{rest}\n")
    assert preview.wrong
    assert SECRET not in "".join(told(preview)) + repr(preview)
    assert SECRET.lower() not in "".join(told(preview))


def test_a_file_without_a_head_is_refused_and_not_shown() -> None:
    for text in (line(1), HEAD.replace("Tags", SECRET) + line(1), HEAD.replace("Products", "") + line(1)):
        with pytest.raises(BadInput) as told:
            look(text)
        assert "first row" in str(told.value)
        assert SECRET not in str(told.value)
    with pytest.raises(BadInput, match="two columns are the column Tenant"):
        look(HEAD.replace("Tags", "Domain") + line(1))
    with pytest.raises(BadInput, match="no row"):
        look(HEAD)


def test_a_row_with_too_many_cells_is_named() -> None:
    preview = look(HEAD + line(1).replace("gold;north", "gold,north"))
    assert told(preview)[0].startswith("row 2, the last column: the row has more cells than there are columns.")


def as_xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("form", ["BOM", "semicolons", "UTF-16", "Windows-1252", "XLSX", "own names"])
def test_lists_come_in_many_forms(form: str) -> None:
    text = HEAD + line(1, name="Müller")
    body = {
        "BOM": b"\xef\xbb\xbf" + text.encode(),
        "semicolons": text.replace(";", "|").replace(",", ";").encode(),
        "UTF-16": text.encode("utf-16"),
        "Windows-1252": text.encode("cp1252"),
        "XLSX": as_xlsx([each.split(",") for each in text.splitlines()]),
        "own names": text.replace("Name,Tenant", "customer name,TENANT-ID").encode(),
    }[form]
    (good,) = look(body).good
    assert (good.name, good.tags) == ("Müller", "gold, north")


def test_a_cell_that_looks_like_a_formula_is_a_text() -> None:
    preview = look(HEAD + line(1, name='"=HYPERLINK(""https://evil.example"")"', secret="=1+1~abcdef"))
    customers.add(operator(), preview)
    assert Application.objects.get().name == 'Microsoft Office 365 (=HYPERLINK("https://evil.example"))'
    assert open_credential(Connection.objects.get()).reveal() == "=1+1~abcdef"


def test_a_certificate_is_named_by_its_file_at_the_command_line_alone(tmp_path: Path) -> None:
    pem = make_certificate()[2]
    (tmp_path / "contoso.pem").write_text(pem)
    head = "Name,Tenant,Client ID,Certificate,Products\n"
    row = f"Contoso,contoso.com,{CLIENT},contoso.pem,office-365\n"
    customers.add(operator(), look(head + row, tmp_path))
    assert Connection.objects.get().credential_kind == "certificate"
    (wrong,) = look(head + row.replace("contoso.com", "other.com")).wrong
    assert "as PEM text in the cell itself" in wrong.message
    quoted = f'Other,other.com,{CLIENT},"{pem}",office-365\n'
    assert look(head + quoted).good[0].credential == "certificate"
    (wrong,) = look(head + row.replace("contoso.pem", SECRET).replace("contoso.com", "third.com"), tmp_path).wrong
    assert "cannot be read" in wrong.message


def test_tenants_by_consent_become_links() -> None:
    text = "Name,Tenant,Credential,Products\nContoso,,consent,office-365\nFabrikam,fabrikam.com,Consent,office-365\n"
    assert "keeps no app registration" in told(look(text))[0]
    AppRegistration.objects.create(
        organization_id=operator().organization_id, client_id=CLIENT, tenant_id="x", created=system_clock(),
        login_url="https://login.example", graph_url="https://graph.example", credential_kind="secret",
    )  # fmt: skip
    added = customers.add(operator(), look(text))
    assert added.words == "2 links for consent made"
    assert list(ConsentLink.objects.order_by("pk").values_list("customer", "tenant_id", "status")) == [
        ("Contoso", "", "waiting"), ("Fabrikam", "fabrikam.com", "waiting")
    ]  # fmt: skip
    assert not Connection.objects.exists()


def test_a_kept_file_is_sealed_and_its_members_alone() -> None:
    who = operator()._replace(member_id=7)
    name = customers.keep_upload(who, (HEAD + line(1)).encode())
    assert all(SECRET.encode() not in path.read_bytes() for path in uploads().iterdir())
    assert len(customers.preview_upload(who, name).good) == 1
    with pytest.raises(NotFound):
        customers.preview_upload(who._replace(member_id=8), name)
    customers.forget_upload(who, name)
    with pytest.raises(NotFound):
        customers.preview_upload(who, name)


def test_only_whoever_manages_applications_imports() -> None:
    viewer = operator()._replace(may=ROLES[Role.VIEWER])
    preview = look(HEAD + line(1))
    with pytest.raises(NotAllowed):
        customers.preview_rows(viewer, [])
    with pytest.raises(NotAllowed):
        customers.add(viewer, preview)
