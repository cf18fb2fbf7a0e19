"""Activations, from the tenant to what is said: possible use on the product of each kind of software, never more."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from seatkeeper.connectors.microsoft import activations as microsoft
from seatkeeper.connectors.microsoft.activations import Activation, Activations
from seatkeeper.model import RunStatus, to_id, to_instant
from seatkeeper.sandbox.graph import reports_office
from seatkeeper.services import additions
from seatkeeper.services.listings import everywhere, person
from seatkeeper.store.models import AccountFact, Connection, Finding, LastUse, Quarantine, SeatHolder, Task
from tests.people import Tenant, open_tenant

pytestmark = pytest.mark.usefixtures("database")

TASK = "activations"
PROJECT, VISIO, OFFICE = "microsoft-project", "microsoft-visio", "office-365"


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with open_tenant(people=80, tasks=("licenses", "roster", "access", TASK)) as opened:
        opened.sandbox.tenant.permissions.add("Reports.Read.All")
        additions.add_products(opened.who, Connection.objects.get().pk, [VISIO, OFFICE])
        yield opened


def told(tenant: Tenant) -> dict[tuple[str, str], int]:
    rows = tenant.sandbox.truth()["products"][OFFICE]["activated"]
    return {
        (row["object_id"], product): to_instant(f"{day}T00:00:00Z")
        for row in rows
        for product, day in row["products"].items()
    }


def test_the_newest_day_of_each_product_is_kept_of_everybody_whom_the_report_names(tenant: Tenant) -> None:
    results = {result.kind.key: result for result in tenant.sync()}
    run = results[TASK].run
    assert run is not None
    assert (run.status, run.quarantined) == (RunStatus.COMPLETE, 0)
    rows = LastUse.objects.filter(signal=TASK).exclude(used="")
    assert {(to_id(bytes(row.account)), row.used): row.last for row in rows} == told(tenant)
    assert {row.used for row in rows} == {PROJECT, VISIO, OFFICE}


def test_it_is_possible_use_of_that_product_alone_and_calls_nobody_unused(tenant: Tenant) -> None:
    tenant.sync("licenses", "roster", "access")
    before = set(Finding.objects.values_list("application__product", "key", "object_id"))
    tenant.sync(TASK)
    true = told(tenant)
    for row in SeatHolder.objects.select_related("application"):
        said = row.signals.get(TASK, {}).get("last")
        assert said == true.get((row.object_id, row.application.product))
        if row.application.product == VISIO:  # which nothing else shows
            assert row.evidence == ("possible" if said else "not observable yet")
            assert row.status in {"possibly active", "not observable"}
    assert any(product == VISIO for _one, product in true)
    idle = set(Finding.objects.values_list("application__product", "key", "object_id")) - before
    assert not {key for _product, key, _one in idle} & {"unused", "never-seen"}


def test_a_person_s_matrix_says_what_follows_from_it(tenant: Tenant) -> None:
    tenant.sync()
    one = next(object_id for object_id, product in told(tenant) if product == VISIO)
    found = everywhere.read(tenant.who, Connection.objects.get().pk, one)
    row = next(row for row in found.products if row.product.key == VISIO)
    cell = next(cell for cell in row.cells if cell.signal.key == TASK)
    assert (cell.speaks, cell.is_read, cell.last) == (True, True, told(tenant)[one, VISIO])
    assert "nobody says whether it was used" in cell.signal.proves
    assert "proves nothing" in cell.signal.proves
    page = person.read(tenant.who, row.application.pk, one, tenant.clock)
    (said,) = [said for said in page.signals if said.key == TASK]
    assert (said.last, list(said.parts)) == (cell.last, [])  # what was activated of other products is not this one's


def test_concealed_names_store_nothing(tenant: Tenant) -> None:
    tenant.sandbox.tenant.conceal_reports = True
    results = {result.kind.key: result for result in tenant.sync()}
    assert results[TASK].exit_code == 3
    assert "Display concealed" in results[TASK].message
    assert not LastUse.objects.exists()
    assert Task.objects.get(key=TASK).full_read_at is None


def test_a_row_that_nobody_understands_is_set_aside_and_costs_itself_alone(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = reports_office.activation_row

    def spoiled(*given: object) -> dict[str, object]:
        row = plain(*given)  # type: ignore[arg-type]
        if row["userPrincipalName"].startswith("ada."):
            row["userActivationCounts"] = [{"productType": "Visio Client", "lastActivatedDate": "yesterday"}]
        return row

    monkeypatch.setattr(reports_office, "activation_row", spoiled)
    results = {result.kind.key: result for result in tenant.sync()}
    assert results[TASK].exit_code == 6
    assert "not a day" in Quarantine.objects.get().reason
    ada = SeatHolder.objects.filter(first_name="Ada")[0].object_id
    kept = {to_id(bytes(row.account)) for row in LastUse.objects.filter(signal=TASK)}
    assert kept == {one for one, _product in told(tenant)} - {ada}


def test_a_product_is_found_by_a_word_of_the_type_and_every_other_is_office() -> None:
    def kinds(*types: str) -> list[str]:
        counts = [Activation(each, "2026-07-01") for each in types]
        found = microsoft.to_last_use(Activations("ada@a.example", "2026-07-30", counts))
        assert found is not None
        return [product for product, _day in found.parts]

    assert kinds("Project Client") == [PROJECT]
    assert kinds("MICROSOFT VISIO PROFESSIONAL") == kinds("visioPro") == [VISIO]
    assert kinds("Microsoft 365 Apps for enterprise", "Something new") == [OFFICE]
    assert microsoft.to_last_use(Activations("ada@a.example", "2026-07-30", [Activation("Visio", None)])) is None
    assert microsoft.to_last_use(Activations("ada@a.example", "2026-07-30", [])) is None
    newest = [Activation("Visio", "2026-07-20"), Activation("Visio 2024", "2026-07-02")]
    found = microsoft.to_last_use(Activations("ada@a.example", "2026-07-30", newest))
    assert found is not None
    assert found.parts == ((VISIO, to_instant("2026-07-20T00:00:00Z")),)


NOWHERE = Activation("Visio", None, 0, 0, activated_on_shared_computer=False)


@pytest.mark.parametrize(
    ("some", "facts"),
    [
        ([NOWHERE], {VISIO: "no"}),
        ([msgspec.structs.replace(NOWHERE, windows=2)], {VISIO: "yes"}),
        ([msgspec.structs.replace(NOWHERE, mac=1)], {VISIO: "yes"}),
        ([msgspec.structs.replace(NOWHERE, last_activated_date="2026-07-02")], {VISIO: "yes"}),
        ([msgspec.structs.replace(NOWHERE, activated_on_shared_computer=True)], {VISIO: "yes"}),
        ([msgspec.structs.replace(NOWHERE, activated_on_shared_computer=None)], {}),
        ([msgspec.structs.replace(NOWHERE, windows=None)], {}),
        ([NOWHERE, Activation("Visio 2024", None)], {}),  # of which nothing is said
        ([NOWHERE, Activation("Visio 2024", "2026-07-02")], {VISIO: "yes"}),
        ([NOWHERE, Activation("Project Client", None, 1, 0)], {PROJECT: "yes", VISIO: "no"}),
        ([], {}),
    ],
)
def test_that_software_is_on_no_computer_is_said_where_the_row_says_it_of_each_kind(
    some: list[Activation], facts: dict[str, str]
) -> None:
    found = microsoft.to_last_use(Activations("ada@a.example", "2026-07-30", some))
    assert dict(found.facts if found else ()) == {f"desktop {product}": said for product, said in facts.items()}


def test_whose_software_is_on_no_computer_is_kept_and_no_use(tenant: Tenant) -> None:
    tenant.sync()
    none = AccountFact.objects.filter(signal=TASK, value="no")
    assert none.exists()
    used = {(bytes(row.account), row.used) for row in LastUse.objects.filter(signal=TASK)}
    assert not {(bytes(row.account), row.name.removeprefix("desktop ")) for row in none} & used
