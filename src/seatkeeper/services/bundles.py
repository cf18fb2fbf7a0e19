"""Evidence bundles: what we say of an application, with everything it follows from, so that others can check it.

A bundle is a ZIP of JSON: inputs (seats with their holders, uses, coverage as it was read), results (findings), and a
manifest with the hash of each file, signed by this installation. Checking needs no database and no secret: hashes and
signature are compared, and the results are worked out anew from the inputs.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import msgspec
from django.db import transaction

from seatkeeper import __version__
from seatkeeper.clock import Clock, system_clock
from seatkeeper.errors import BadInput
from seatkeeper.insights.base import Finding, Holder, Picture
from seatkeeper.insights.catalog import find_all
from seatkeeper.insights.evidence import grade, observed_since
from seatkeeper.model import Instant
from seatkeeper.services import audit
from seatkeeper.services.applications import Which, find_application
from seatkeeper.services.members import May, Who
from seatkeeper.services.picture import draw_picture, stream_of_application
from seatkeeper.spans import ReadSpan, last_unbroken, lateness_of, proven
from seatkeeper.store import listing, signing
from seatkeeper.store.models import Application

FORMAT: Final = 2
PICTURE, COVERAGE, FINDINGS = "inputs/picture.json", "inputs/coverage.json", "results/findings.json"
FILES: Final = (PICTURE, COVERAGE, FINDINGS)
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
LARGEST: Final = 2**30  # bytes of one file unpacked: a picture of a million seats is a third of it


class Coverage(msgspec.Struct):
    """Every reading of sign-ins that was finished, and how late sign-ins are known to come."""

    readings: list[ReadSpan]
    longest_late: Instant


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
        files = _to_files(application, clock)
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
            signing.public_key(),
        )
    )
    return _zip({**files, MANIFEST: manifest, SIGNATURE: signing.sign(manifest)})


def _to_files(application: Application, clock: Clock) -> dict[str, bytes]:
    picture = draw_picture(application, clock)
    connection_id, stream = application.connection_id, stream_of_application(application)
    coverage = Coverage(listing.list_coverage(connection_id, stream), listing.longest_late(connection_id, stream))
    shapes: dict[str, Any] = {PICTURE: picture, COVERAGE: coverage, FINDINGS: find_all(picture)}
    return {name: msgspec.json.encode(shape) for name, shape in shapes.items()}


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
        raise BadInput("File", f"{path} cannot be read ({error.strerror}).") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise BadInput("File", f"{path} is no evidence bundle, or a damaged one: {error}.") from error
    try:
        manifest = msgspec.json.decode(files[MANIFEST], type=Manifest)
    except msgspec.MsgspecError as error:
        return Verdict(None, 0, [f"{MANIFEST} cannot be read: {error}"])
    faults = list(_faults_of_files(manifest, files))
    if faults:
        return Verdict(manifest, 0, faults)
    return _work_out_again(manifest, files)


def _unzip(file: IO[bytes]) -> dict[str, bytes]:
    """The files by name, and no other. Raises ValueError when one is missing, extra, doubled or too large."""
    wanted = sorted((*FILES, MANIFEST, SIGNATURE))
    with zipfile.ZipFile(file) as bundle:
        if sorted(entry.filename for entry in bundle.infolist()) != wanted:
            raise ValueError("its files are not those of a bundle")
        if any(entry.file_size > LARGEST for entry in bundle.infolist()):
            raise ValueError("a file in it is too large")
        return {name: bundle.open(name).read(LARGEST) for name in wanted}


def _faults_of_files(manifest: Manifest, files: dict[str, bytes]) -> Iterator[str]:
    if manifest.format != FORMAT:
        yield f"The bundle has format {manifest.format}; this program checks format {FORMAT}"
    if not signing.is_signed(files[MANIFEST], files[SIGNATURE], manifest.public_key):
        yield f"{MANIFEST} was changed: its signature does not fit"
    for name in FILES:
        if manifest.files.get(name) != hashlib.sha256(files[name]).hexdigest():
            yield f"{name} was changed: its hash is not the one in {MANIFEST}"


def _follows(holder: Holder, picture: Picture) -> bool:
    evidence = grade(holder.last_use, holder.last_maybe, picture.observed, holder.active)
    return (holder.evidence, holder.observed_since) == (evidence, observed_since(picture.observed, holder.in_tenant))


def _work_out_again(manifest: Manifest, files: dict[str, bytes]) -> Verdict:
    """Whether the results follow from the inputs."""
    try:
        picture = msgspec.json.decode(files[PICTURE], type=Picture)
        coverage = msgspec.json.decode(files[COVERAGE], type=Coverage)
        told = msgspec.json.decode(files[FINDINGS], type=list[Finding])
    except msgspec.MsgspecError as error:
        return Verdict(manifest, 0, [f"A file has another shape than this program knows: {error}"])
    faults: list[str] = []
    if picture.observed != last_unbroken(proven(coverage.readings, lateness_of(coverage.longest_late))):
        faults.append("The stretch of complete sign-ins does not follow from what was read")
    faults += [
        f"The evidence about {holder.user_id} does not follow from the inputs"
        for holder in (*picture.holders, *picture.apart)
        if not _follows(holder, picture)
    ]
    if find_all(picture) != told:
        faults.append("The findings do not follow from the inputs")
    return Verdict(manifest, len(told), faults)
