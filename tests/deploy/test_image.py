"""The image: what its Containerfile promises. `make image` builds it, starts it strictly and asks it for a page."""

from __future__ import annotations

import json
import re

from .tools import DEPLOY, ROOT, check, tool

TEXT = (DEPLOY / "Containerfile").read_text()
LAST_STAGE = TEXT.rpartition("\nFROM ")[2]


def test_the_containerfile_is_clean() -> None:
    check(tool("bin/hadolint"), DEPLOY / "Containerfile")


def test_it_runs_as_nobody_in_particular_from_an_exec_form_with_all_that_lasts_in_one_volume() -> None:
    for line in ("USER 10001:10001", "VOLUME /data", 'ENTRYPOINT ["seatkeeper"]', "HEALTHCHECK "):
        assert f"\n{line}" in LAST_STAGE, line
    assert json.loads(re.findall(r"^CMD (.*)", LAST_STAGE, re.MULTILINE)[-1])[0] == "serve"
    assert "pip" not in LAST_STAGE


def test_everything_in_it_comes_by_hash_and_the_base_is_the_callers() -> None:
    installs = re.findall(r"pip install (.*?)(?: \\|\n)", TEXT)
    assert len(installs) == 4
    assert [
        each for each in installs if "--require-hashes" not in each and "--no-deps --no-build-isolation" not in each
    ] == []
    assert re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE) == ["${BASE}", "${BASE}"]


def test_what_it_copies_is_there() -> None:
    for names in re.findall(r"^COPY (?!--from)(.*) \S+$", TEXT, re.MULTILINE):
        assert [name for name in names.split() if not (ROOT / name).exists()] == []
