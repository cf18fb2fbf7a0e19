"""The compose file, by the schema of Compose and by what it must promise."""

from __future__ import annotations

from typing import Any

import yaml

from seatkeeper.settings import reader

from .tools import DEPLOY, check, tool

FILE = DEPLOY / "compose.yaml"
TOLD: dict[str, Any] = yaml.safe_load(FILE.read_text())
OURS = {name: service for name, service in TOLD["services"].items() if service["image"] == "seatkeeper"}


def test_the_file_is_what_compose_reads() -> None:
    check(tool("bin/check-jsonschema"), "--builtin-schema", "vendor.compose-spec", FILE)


def test_pages_and_two_workers_wait_for_the_schema_and_that_for_the_database() -> None:
    assert set(OURS) == {"migrate", "web", "worker"}
    assert OURS["worker"]["deploy"]["replicas"] == 2
    assert OURS["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("web", "worker"):
        assert OURS[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_nothing_of_ours_may_write_to_its_image_or_has_a_capability() -> None:
    for service in OURS.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_secrets_are_files_and_no_variable_holds_one() -> None:
    assert {each["file"] for each in TOLD["secrets"].values()} == {f"secrets/{name}" for name in TOLD["secrets"]}
    for service in TOLD["services"].values():
        given = service["environment"]
        assert not given.keys() & {reader.SECRET_KEY, reader.DATABASE_URL, "POSTGRES_PASSWORD"}
        files = {value.rpartition("/")[2] for value in given.values() if value.startswith("/run/secrets/")}
        assert files == set(service["secrets"])
