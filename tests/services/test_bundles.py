"""An evidence bundle can be checked by anybody, and one changed byte is found."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest

from seatkeeper.errors import BadInput
from seatkeeper.insights.base import SIGN_INS, Finding
from seatkeeper.services import bundles
from seatkeeper.store import signing
from tests.people import NAME, open_tenant, read_tenant

pytestmark = pytest.mark.usefixtures("database")


def _write(folder: Path, body: bytes) -> Path:
    path = folder / "bundle.zip"
    path.write_bytes(body)
    return path


def _change(body: bytes, **changed: bytes) -> bytes:
    """The bundle with some of its files replaced; its manifest and signature stay as they were."""
    with zipfile.ZipFile(io.BytesIO(body)) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    return bundles._zip(
        files | {name.replace("__", "/").replace("_json", ".json"): text for name, text in changed.items()}
    )


def _files(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def _sign_anew(body: bytes, changed: dict[str, bytes], format_: int = bundles.FORMAT) -> bytes:
    """What a forger with this program would do: change inputs or results, then hash and sign everything again."""
    files = _files(_change(body, **changed))
    manifest = msgspec.json.decode(files[bundles.MANIFEST], type=bundles.Manifest)
    manifest.format = format_
    manifest.files = {name: hashlib.sha256(files[name]).hexdigest() for name in bundles.FILES}
    told = msgspec.json.encode(manifest)
    return bundles._zip(files | {bundles.MANIFEST: told, bundles.SIGNATURE: signing.sign(told, 1)})


def test_a_bundle_verifies_and_says_how_many_findings_follow(tmp_path: Path) -> None:
    with read_tenant() as tenant:
        body = bundles.make_bundle(tenant.who, NAME, tenant.clock)
        verdict = bundles.verify(_write(tmp_path, body))
        assert (verdict.faults, verdict.findings) == ([], len(tenant.findings()))
        assert verdict.findings > 5
        assert bundles.make_bundle(tenant.who, NAME, tenant.clock) == body  # the same data gives the same bytes


def test_a_bundle_that_an_earlier_version_made_is_verified_still() -> None:
    verdict = bundles.verify(Path(__file__).parent.parent / "data" / "bundle-format-2.zip")
    assert verdict.manifest is not None
    assert (verdict.manifest.format, verdict.findings, verdict.faults) == (2, 13, [])


def test_a_bundle_of_format_5_called_the_sku_of_a_purchase_its_plan_and_is_verified_still(tmp_path: Path) -> None:
    with read_tenant(people=20) as tenant:
        body = bundles.make_bundle(tenant.who, NAME, tenant.clock)
    snapshot = msgspec.json.decode(_files(body)[bundles.SNAPSHOT])
    for purchase in snapshot["purchases"]:
        purchase["plan"] = purchase.pop("sku")
    assert snapshot["purchases"]
    old = _sign_anew(body, {"inputs__picture_json": msgspec.json.encode(snapshot)}, 5)
    verdict = bundles.verify(_write(tmp_path, old))
    assert verdict.manifest is not None
    assert (verdict.manifest.format, verdict.faults) == (5, [])


def test_a_bundle_of_format_6_knew_no_groups_and_is_verified_still(tmp_path: Path) -> None:
    with read_tenant(people=200, threshold_days=10) as tenant:
        body = bundles.make_bundle(tenant.who, NAME, tenant.clock)
    snapshot, findings = (msgspec.json.decode(_files(body)[name]) for name in (bundles.SNAPSHOT, bundles.FINDINGS))
    for seat in (seat for holder in snapshot["holders"] for seat in holder["seats"]):
        seat.pop()
    place = Finding._fields.index("advice")
    assert any(" To take it away" in finding[place] for finding in findings)
    for finding in findings:
        finding[place] = finding[place].partition(" To take it away")[0]
    told = {"inputs__picture_json": snapshot, "results__findings_json": findings}
    old = _sign_anew(body, {name: msgspec.json.encode(shape) for name, shape in told.items()}, 6)
    assert bundles.verify(_write(tmp_path, old)).faults == []


def test_each_organization_signs_with_a_key_of_its_own(tmp_path: Path) -> None:
    assert signing.public_key(1) != signing.public_key(2)
    assert signing.is_signed(b"x", signing.sign(b"x", 1), signing.public_key(1))
    assert not signing.is_signed(b"x", signing.sign(b"x", 2), signing.public_key(1))
    with read_tenant() as tenant:
        verdict = bundles.verify(_write(tmp_path, bundles.make_bundle(tenant.who, NAME, tenant.clock)))
    assert verdict.manifest is not None
    assert verdict.manifest.organization == "Default"


def test_another_machine_with_another_key_verifies_it_too(tmp_path: Path) -> None:
    with read_tenant() as tenant:
        path = _write(tmp_path, bundles.make_bundle(tenant.who, NAME, tenant.clock))
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("SEATKEEPER_")}
    elsewhere["SEATKEEPER_HOME"] = str(tmp_path / "elsewhere")
    done = subprocess.run(
        [sys.executable, "-m", "seatkeeper", "verify", str(path)], env=elsewhere, capture_output=True, text=True
    )
    assert (done.returncode, signing.public_key(tenant.who.organization_id)[:16] in done.stderr) == (0, True), (
        done.stderr
    )


def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    with read_tenant(people=20) as tenant:
        body = bundles.make_bundle(tenant.who, NAME, tenant.clock)
    for name, text in _files(body).items():
        for place in range(0, len(text), max(1, len(text) // 40)):
            changed = bytearray(text)
            changed[place] ^= 1
            bad = bundles._zip(_files(body) | {name: bytes(changed)})
            assert bundles.verify(_write(tmp_path, bad)).faults, (name, place)


@pytest.mark.parametrize("what", ["findings", "snapshot", "coverage"])
def test_a_bundle_that_was_changed_and_signed_again_does_not_follow_from_itself(tmp_path: Path, what: str) -> None:
    with read_tenant() as tenant:
        body = bundles.make_bundle(tenant.who, NAME, tenant.clock)
    files = _files(body)
    told = msgspec.json.decode(files[bundles.FINDINGS])
    snapshot = msgspec.json.decode(files[bundles.SNAPSHOT])
    never = next(index for index, finding in enumerate(told) if finding[0] == "never-seen")
    if what == "findings":  # somebody is taken off the list
        changed = {"results__findings_json": msgspec.json.encode(told[:never] + told[never + 1 :])}
    elif what == "snapshot":  # a sign-in is made up for somebody who never came
        holder = next(each for each in snapshot["holders"] if each["user_id"] == told[never][1])
        holder["signals"].append([SIGN_INS, snapshot["observed"][1] - 1, True, None, False, None])
        changed = {"inputs__picture_json": msgspec.json.encode(snapshot)}
    else:  # a day of the ledger is taken away
        ledger = msgspec.json.decode(files[bundles.COVERAGE])
        ledger["readings"] = [
            [start, end, read_at - 864_000_000_000, *of] for start, end, read_at, *of in ledger["readings"]
        ]
        changed = {"inputs__coverage_json": msgspec.json.encode(ledger)}
    assert bundles.verify(_write(tmp_path, _sign_anew(body, changed))).faults


@pytest.mark.parametrize(
    "body",
    [b"", b"PK", b"no zip at all", bundles._zip({"manifest.json": b"{}"}), bundles._zip({"../../evil": b"x"})],
)
def test_what_is_no_bundle_is_refused_by_name(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(BadInput, match=r"bundle\.zip is no evidence bundle"):
        bundles.verify(_write(tmp_path, body))


def test_a_bundle_that_unpacks_to_a_gigabyte_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "LARGEST", 10_000)
    files = dict.fromkeys((*bundles.FILES, bundles.MANIFEST, bundles.SIGNATURE), b"[" * 20_000)
    with pytest.raises(BadInput, match="too large"):
        bundles.verify(_write(tmp_path, bundles._zip(files)))


def test_what_is_known_besides_use_is_in_the_bundle_and_its_findings_follow_from_it(tmp_path: Path) -> None:
    tasks = ("licenses", "roster", "mailboxes")
    with open_tenant(60, everything=True, more_people=True, product="office-365", name="Office", tasks=tasks) as tenant:
        tenant.name = "Office"
        tenant.sandbox.tenant.permissions.add("Reports.Read.All")
        tenant.sync()
        path = _write(tmp_path, bundles.make_bundle(tenant.who, "Office", tenant.clock))
    told = msgspec.json.decode(_files(path.read_bytes())[bundles.FINDINGS])
    assert "shared-mailbox" in {finding[0] for finding in told}
    assert bundles.verify(path).faults == []
