"""`catalog import`: what is refused with its row, what is said of the rest, and that it is whole or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from seatkeeper.errors import BadInput, NotAllowed
from seatkeeper.services import sku_lists
from seatkeeper.services.members import Who, operator
from seatkeeper.store.models import Application, AuditEvent, Connection, Organization, SkuList
from seatkeeper.sync.sku_lists import follow
from tests.skus import COLUMNS, NEW, PRODUCTS, VISIO_WEB, Listed, listed, shipped, to_rows, write, write_rows

pytestmark = pytest.mark.usefixtures("database")
VISIO = PRODUCTS["microsoft-visio"]
SKU = VISIO.skus[0]
OTHER = "0b7d6a52-3c0e-4a1c-9d53-7f2f6f0f1a02"
Rows = list[list[str]]


def take(*skus: Listed, name: str = "august.csv") -> sku_lists.Preview:
    return sku_lists.import_list(operator(), write(skus), name)


def known(*, follows: bool = True) -> dict[tuple[str, str], tuple[Any, ...]]:
    """All that is said of every SKU, by product and id."""
    if follows:
        follow()
    return {(row[0], row[5]): row[1:5] for row in sku_lists.list_skus(operator()).rows}  # type: ignore[misc]


def test_what_a_list_says_anew_is_said_from_then_on() -> None:
    before = known()
    found = take(listed("Visio Plan 1, renamed", VISIO_WEB, sku=SKU.id), listed("Visio Plan 3"))
    assert found.summary == "1 SKU is new (1 with Microsoft Visio), 1 title changed."
    assert [row[:4] for row in found.table.rows] == [
        ("new", "NEW_SKU", "Visio Plan 3", "Microsoft Visio"),
        ("title", SKU.part_number, "Visio Plan 1, renamed", "Microsoft Visio"),
    ]
    after = known()
    assert after.pop((VISIO.key, NEW)) == ("NEW_SKU", "Visio Plan 3", "seat", True)
    assert after.pop((VISIO.key, SKU.id))[1] == "Visio Plan 1, renamed"
    assert after.items() <= before.items()
    told = AuditEvent.objects.get(action="catalog.imported")
    assert (told.subject, told.detail) == ("august.csv", found.summary)
    assert sku_lists.describe(operator())[1].startswith("Over it, august.csv with 2 SKUs was imported on ")


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    before, body = known(), write([listed("Visio Plan 3")])
    found = sku_lists.preview(operator(), body, "august.csv")
    assert found.summary == "1 SKU is new (1 with Microsoft Visio)."
    assert known() == before
    assert not SkuList.objects.exists()
    assert not AuditEvent.objects.exists()


def test_the_same_file_twice_changes_nothing_the_second_time() -> None:
    take(listed("Visio Plan 3"))
    rows, said = list(SkuList.objects.values_list()), known()
    again = take(listed("Visio Plan 3"), name="copy.csv")
    assert (again.differences, bool(again.again)) == ([], True)
    assert list(SkuList.objects.values_list()) == rows
    assert known() == said
    assert AuditEvent.objects.count() == 1


def test_a_sku_that_a_newer_list_does_not_name_stays_what_it_was() -> None:
    take(listed("Visio Plan 3"), listed("Other", sku=SKU.id))
    before = known()
    assert take(listed("Other", sku=SKU.id)).summary == "Nothing changes."
    assert known() == before


def test_reset_goes_back_to_what_is_shipped() -> None:
    before = known()
    take(listed("Visio Plan 3"), listed("Other", sku=SKU.id))
    gone = sku_lists.reset(operator())
    assert sku_lists.sum_up(gone) == "1 title changed, 1 SKU is not listed any more."
    assert known() == before
    assert sku_lists.reset(operator()) == []
    assert AuditEvent.objects.filter(action="catalog.reset").count() == 1


@pytest.mark.parametrize(
    ("encoding", "columns"),
    [
        ("utf-8", COLUMNS),
        ("utf-8-sig", COLUMNS),
        ("cp1252", COLUMNS),
        ("utf-16", COLUMNS),
        ("utf-8", [column.upper() for column in COLUMNS]),
    ],
)
def test_a_list_is_read_as_its_vendor_or_a_spreadsheet_writes_it(encoding: str, columns: list[str]) -> None:
    body = write([listed("Visio Plan 3 – für alle")], encoding, columns)
    found = sku_lists.preview(operator(), body, "august.csv")
    assert [one.sku.title for one in found.differences] == ["Visio Plan 3 – für alle"]


def test_other_columns_capitals_and_spaces_count_for_nothing() -> None:
    row = ["x", f" {VISIO_WEB.upper()}\u00a0", f"{NEW.upper()} ", " Visio  Plan\t3", "NEW_SKU\u00a0"]
    columns = ["source", "Service_Plan_Id", "GUID", "Product_Display_Name", "String_Id"]
    found = sku_lists.preview(operator(), write_rows([row], columns=columns), "august.csv")
    assert [(one.sku.id, one.sku.part_number, one.sku.title) for one in found.differences] == [
        (NEW, "NEW_SKU", "Visio Plan 3")
    ]


def test_of_several_titles_of_a_sku_the_first_counts_and_rows_without_a_plan_are_left_out() -> None:
    rows = [*to_rows([listed("First")]), *to_rows([listed("Second")]), ["Third", "X", "8fc2205d", "", "", ""]]
    found = sku_lists.preview(operator(), write_rows(rows), "august.csv")
    assert [one.sku.title for one in found.differences] == ["First"]
    assert (found.left_out, found.errors) == (1, [])


def spoil(place: int, text: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[1][place] = text

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (spoil(2, "8fc2205d-4e51-4401-97f0-5c89ef1aafb"), "row 3, GUID: '8fc2205d-4e51-4401-97f0-5c89ef1aafb' is not"),
        (spoil(4, "VISIOONLINE"), "row 3, Service_Plan_Id: 'VISIOONLINE' is not a GUID."),
        (spoil(0, ""), "row 3, Product_Display_Name: it must have 1 to 300 characters."),
        (spoil(1, "x" * 301), "row 3, String_Id: it must have 1 to 300 characters."),
        (spoil(1, "ANOTHER"), f"row 3, String_Id: {NEW} is 'ANOTHER' here and 'NEW_SKU' in row 2."),
        (lambda rows: rows[1].append("split"), "row 3, Service_Plans_Included_Friendly_Names: the row has more cells"),
        (lambda rows: rows.clear(), "row 1, Service_Plan_Id: no row names a service plan."),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_row_and_nothing_is_imported(
    change: Callable[[Rows], None], said: str
) -> None:
    rows = to_rows([listed("Visio Plan 3", VISIO_WEB, SKU.id), *shipped(VISIO.key)])
    change(rows)
    found = sku_lists.import_list(operator(), write_rows(rows), "august.csv")
    assert [str(wrong)[: len(said)] for wrong in found.errors] == [said]
    assert not SkuList.objects.exists()


def test_a_file_of_other_columns_is_refused_with_those_that_are_missing() -> None:
    found = sku_lists.import_list(operator(), b"SKU,Amount,Currency\nPROJECT_P1,10,EUR\n", "prices.csv")
    (wrong,) = found.errors
    assert str(wrong) == (
        "row 1, 'Product_Display_Name', 'String_Id', 'GUID', 'Service_Plan_Id': "
        "the columns must be there: Product_Display_Name, String_Id, GUID, Service_Plan_Id."
    )


@pytest.mark.parametrize("body", [b"", b"\n", b"PK\x03\x04 no workbook", b'"never closed', b"\x00" * 4000])
def test_what_is_no_table_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        sku_lists.import_list(operator(), body, "august.csv")


def test_a_part_of_a_list_is_refused_and_half_of_it_is_not() -> None:
    whole = shipped("microsoft-project")
    take(*whole, listed("New"))  # 49
    with pytest.raises(BadInput, match="names 24 SKUs, and the one that was imported last 49"):
        take(*whole[:24])
    take(*whole[:25])


def test_without_its_line_in_the_trail_nothing_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    before = known()

    def refuse(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("seatkeeper.services.audit.record", refuse)
    with pytest.raises(ConnectionError):
        take(listed("Visio Plan 3"))
    assert not SkuList.objects.exists()
    assert known() == before


def test_what_every_organization_reads_is_refreshed_and_of_no_other_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, vendor in enumerate(("microsoft", "microsoft", "paper")):
        organization = Organization.objects.create(name=f"{number}", created=0)
        connection = Connection.objects.create(
            organization=organization, vendor=vendor, tenant_id=f"{number}", login_url="", graph_url="", created=0
        )
        Application.objects.create(
            organization=organization, connection=connection, product=VISIO.key, name=f"Visio {number}", created=0
        )
    asked: list[str] = []

    def note(applications: Iterable[Application], *_: object, at_once: bool) -> None:
        asked.extend(sorted(application.name for application in applications))

    monkeypatch.setattr("seatkeeper.jobs.refreshes.request", note)
    take(listed("Visio Plan 3"))
    take(listed("Visio Plan 3"), listed("Windows 365", "c0ffee00-0000-4000-8000-000000000000", sku=OTHER))
    assert asked == ["Visio 0", "Visio 1"]


def test_over_the_network_nobody_imports_what_counts_for_everybody() -> None:
    member = operator()._replace(member_id=1)
    for call in (sku_lists.import_list, sku_lists.preview):
        with pytest.raises(NotAllowed):
            call(member, write([listed("Visio Plan 3")]), "august.csv")
    with pytest.raises(NotAllowed):
        sku_lists.reset(member)
    with pytest.raises(NotAllowed):
        sku_lists.reset(Who(member.organization_id, "viewer"))


def a_month(r: random.Random, before: list[Listed]) -> list[Listed]:
    """The list of another month: SKUs came and went, and titles and plans changed."""
    every = [plan.id for product in PRODUCTS.values() for plan in product.plans]
    skus = [sku for sku in before if r.random() < 0.9]
    for place, sku in enumerate(skus):
        title = f"{sku.title} {r.randint(0, 9)}" if r.random() < 0.1 else sku.title
        plans = sku.plans ^ {r.choice(every)} if r.random() < 0.1 else sku.plans
        skus[place] = sku._replace(title=title, plans=plans or sku.plans)
    for _ in range(r.randint(0, 9)):
        sku_id = "-".join(f"{r.getrandbits(4 * width):0{width}x}" for width in (8, 4, 4, 4, 12))
        skus.append(Listed(sku_id, f"NEW_{sku_id[:4]}", f"New {r.randint(0, 9)}", frozenset(r.sample(every, 3))))
    return r.sample(skus, len(skus))


@pytest.mark.parametrize("seed", range(4))
def test_the_list_of_another_month_changes_what_it_says_and_nothing_else(seed: int) -> None:
    r = random.Random(seed)
    first = a_month(r, shipped())
    second = a_month(r, first)
    take(*first)
    before = known()
    said = {(one.what, one.product.key, one.sku.id) for one in take(*second, name="september.csv").differences}
    after, expected = known(), set()
    plans = {sku.id: sku.plans for sku in shipped()}
    for sku in first:
        plans[sku.id] = plans.get(sku.id, frozenset()) | sku.plans
    for sku in second:
        for product in PRODUCTS.values():
            own = {plan.id for plan in product.plans if plan.class_ != "supporting"}
            users = {plan.id for plan in product.plans if plan.seat and not plan.travels}
            fresh = sku.plans - plans.get(sku.id, frozenset())
            was = before.get((product.key, sku.id))
            if was is None and users & (sku.plans | plans.get(sku.id, frozenset())):
                expected.add(("new", product.key, sku.id))
            if was is not None and was[1] != sku.title:
                expected.add(("title", product.key, sku.id))
            if was is not None and own & fresh:
                expected.add(("plans", product.key, sku.id))
    assert {one for one in said if one[0] != "kind"} == expected
    assert before.keys() <= after.keys()
    touched = {(key, sku_id) for _what, key, sku_id in said}
    assert {name for name in after if after[name] != before.get(name)} <= touched
