"""Evidence bundles: what we say of an application, with everything it follows from, so that others can check it.

A bundle is a ZIP of JSON: inputs (seats with their holders, uses, coverage as it was read), results (findings), and a
manifest with the hash of each file, signed by this installation. Checking needs no database and no secret: hashes and
signature are compared, and the results are worked out anew from the inputs.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import msgspec
from django.db import transaction

from seatkeeper import __version__
from seatkeeper.clock import Clock, days, system_clock
from seatkeeper.errors import BadInput
from seatkeeper.insights.base import SHARED_SIGN_INS, SIGN_INS, Finding, Reported, Sighting, Snapshot
from seatkeeper.insights.catalog import find_all
from seatkeeper.insights.evidence import grade, observed_since, seat_observed_since
from seatkeeper.model import Instant, Key
from seatkeeper.reporting.signals import is_observable
from seatkeeper.reporting.snapshot import take_snapshot
from seatkeeper.services import audit
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.members import May, Who
from seatkeeper.spans import last_unbroken, proven
from seatkeeper.store import signing
from seatkeeper.store.models import Organization
from seatkeeper.sync.coverage import Applications, Ledger, read_ledger, watched_by
from seatkeeper.sync.vendors import find_product

FORMAT: Final = 7
ONE_LEDGER: Final = 2  # the format in which every reading asked for all that tells of the use
NO_SIGNALS: Final = (ONE_LEDGER, 3)  # formats in which each signal had fields of its own
IN_OTHER_WORDS: Final = 4  # the last in which findings and what is observed of a seat were said otherwise
SKU_IS_PLAN: Final = 5  # the last in which the SKU of a purchase was called its plan
SNAPSHOT, COVERAGE, FINDINGS = "inputs/picture.json", "inputs/coverage.json", "results/findings.json"
FILES: Final = (SNAPSHOT, COVERAGE, FINDINGS)
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
LARGEST: Final = 2**30  # bytes of one file unpacked: a snapshot of a million seats is a third of it


class Coverage(Ledger, frozen=True):
    """Every reading of sign-ins that came to its end, and the applications that tell of the product's use."""

    watched: Applications = frozenset()


class OldFinding(NamedTuple):
    """A finding as formats up to 3 have it."""

    key: str
    user_id: str
    plan: str
    evidence: str
    observed_since: Instant | None
    last_login: Instant | None
    advice: str
    account: Key | None
    skus: tuple[str, ...]
    sku: str


class Manifest(msgspec.Struct):
    """What the bundle is about, and the SHA-256 of each file."""

    format: int
    program: str
    application: str
    product: str
    tenant_id: str
    made: Instant
    files: dict[str, str]
    public_key: str
    organization: str = ""


class Verdict(NamedTuple):
    """What checking a bundle found: `faults` is empty when everything holds."""

    manifest: Manifest | None
    findings: int
    faults: Sequence[str]


def make_bundle(who: Who, which: Which, clock: Clock = system_clock) -> bytes:
    """The bundle of an application as of now. The same data and moment give the same bytes."""
    who.require(May.SEE)
    application = find_application(who, which)
    with transaction.atomic():
        snapshot, ledger = take_snapshot(application, clock), read_ledger(application.connection_id)
        watched = watched_by(application) if is_observable(find_product(application.product)) else frozenset()
        coverage = Coverage(ledger.readings_of(watched), ledger.longest_late, ledger.asked, ledger.usual, watched)
        readings = msgspec.to_builtins(coverage, str_keys=True, order="deterministic")  # JSON has no other keys
        shapes: dict[str, Any] = {SNAPSHOT: snapshot, COVERAGE: readings, FINDINGS: find_all(snapshot)}
        files = {name: msgspec.json.encode(shape, order="deterministic") for name, shape in shapes.items()}
        audit.record(who, "bundle.made", application.name)
    manifest = msgspec.json.encode(
        Manifest(
            FORMAT,
            f"Seatkeeper {__version__}",
            application.name,
            application.product,
            application.connection.tenant_id,
            clock(),
            {name: hashlib.sha256(body).hexdigest() for name, body in files.items()},
            signing.public_key(who.organization_id),
            Organization.objects.of(who).get().name,
        )
    )
    return _zip({**files, MANIFEST: manifest, SIGNATURE: signing.sign(manifest, who.organization_id)})


def _zip(files: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)  # its date is always 1980: the same bundle has the same bytes
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, text)
    return body.getvalue()


def verify(path: Path) -> Verdict:
    """Check a bundle on any machine. Raises BadInput for a file that is no bundle at all."""
    try:
        with path.open("rb") as file:
            files = _unzip(file)
    except OSError as error:
        raise BadInput("file", f"{path} cannot be read ({error.strerror}).") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise BadInput("file", f"{path} is no evidence bundle, or a damaged one: {error}.") from error
    try:
        manifest = msgspec.json.decode(files[MANIFEST], type=Manifest)
    except msgspec.MsgspecError as error:
        return Verdict(None, 0, [f"{MANIFEST} cannot be read: {error}"])
    faults = []
    if not ONE_LEDGER <= manifest.format <= FORMAT:
        faults.append(f"The bundle has format {manifest.format}; this program checks formats {ONE_LEDGER} to {FORMAT}")
    if not signing.is_signed(files[MANIFEST], files[SIGNATURE], manifest.public_key):
        faults.append(f"{MANIFEST} was changed: its signature does not fit")
    faults += [
        f"{name} was changed: its hash is not the one in {MANIFEST}"
        for name in FILES
        if manifest.files.get(name) != hashlib.sha256(files[name]).hexdigest()
    ]
    return Verdict(manifest, 0, faults) if faults else _work_out_again(manifest, files)


def _unzip(file: IO[bytes]) -> dict[str, bytes]:
    """The files by name, and no other. Raises ValueError when one is missing, extra, doubled or too large."""
    wanted = sorted((*FILES, MANIFEST, SIGNATURE))
    with zipfile.ZipFile(file) as bundle:
        if sorted(entry.filename for entry in bundle.infolist()) != wanted:
            raise ValueError("its files are not those of a bundle")
        if any(entry.file_size > LARGEST for entry in bundle.infolist()):
            raise ValueError("a file in it is too large")
        return {name: bundle.open(name).read(LARGEST) for name in wanted}


def _to_plain(findings: Sequence[Finding | OldFinding]) -> list[tuple[object, ...]]:
    """What is compared of the findings of an older bundle: neither their wording nor their order."""
    return sorted((one.key, one.user_id, one.plan, one.account or b"") for one in findings)


def _read_snapshot(body: bytes, format_: int) -> Snapshot:
    """Of an older bundle, by today's names, with the signals that its fields tell of.

    Raises MsgspecError, KeyError or TypeError.
    """
    if format_ > SKU_IS_PLAN:
        return msgspec.json.decode(body, type=Snapshot)
    told = msgspec.json.decode(body)
    for purchase in told["purchases"]:
        purchase["sku"] = purchase.pop("plan")
    for holder in (*told["holders"], *told["apart"]) if format_ in NO_SIGNALS else ():
        signals = [
            Sighting(SIGN_INS, holder["last_login"], True),
            Sighting(SHARED_SIGN_INS, holder["last_possible"], False),
        ]
        if holder.get("reported"):
            reported = msgspec.convert(holder["reported"], Reported)
            signals.append(Sighting("report", reported.last, True, reported.until, reported=reported))
        if holder.get("in_tenant"):
            last, read_at = holder["in_tenant"]
            signals.append(Sighting("account-activity", last, False, read_at - days(1), bounds=True))
        holder["signals"] = signals
    return msgspec.json.decode(msgspec.json.encode(told), type=Snapshot)


def _work_out_again(manifest: Manifest, files: dict[str, bytes]) -> Verdict:
    """Whether the results follow from the inputs."""
    try:
        snapshot = _read_snapshot(files[SNAPSHOT], manifest.format)
        coverage = msgspec.json.decode(files[COVERAGE], type=Coverage)
        finding: Any = Finding if manifest.format > IN_OTHER_WORDS else OldFinding
        told = msgspec.json.decode(files[FINDINGS], type=list[finding])
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        return Verdict(manifest, 0, [f"A file has another shape than this program knows: {error}"])
    faults: list[str] = []
    one_ledger = manifest.format == ONE_LEDGER
    sure = proven(coverage.readings, coverage.lateness) if one_ledger else coverage.proven(coverage.watched)
    if snapshot.observed != last_unbroken(sure):
        faults.append("The stretch of complete sign-ins does not follow from what was read")
    for holder in (*snapshot.holders, *snapshot.apart):
        evidence = grade(holder.signals, snapshot.observed, holder.active)
        since = observed_since(holder.signals, snapshot.observed, snapshot.bounded)
        if manifest.format > IN_OTHER_WORDS:
            since = seat_observed_since(holder.signals, since, holder.active)
        if (holder.evidence, holder.observed_since) != (evidence, since):
            faults.append(f"The evidence about {holder.user_id} does not follow from the inputs")
    found = find_all(snapshot)
    is_older = not all(isinstance(one, Finding) for one in told)
    if (_to_plain(found) != _to_plain(told)) if is_older else (found != told):
        faults.append("The findings do not follow from the inputs")
    return Verdict(manifest, len(told), faults)
