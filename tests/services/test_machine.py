"""`seatkeeper check`: what holds in this installation, and what to do where something does not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import override_settings

from seatkeeper.clock import days, hours, system_clock
from seatkeeper.model import to_instant
from seatkeeper.services import applications, audit, machine, sku_lists
from seatkeeper.services.members import operator
from seatkeeper.settings import SEATKEEPER
from seatkeeper.settings.address import Address
from seatkeeper.settings.networks import read_networks
from seatkeeper.store.measures import LEAST_FREE
from seatkeeper.store.models import ApplicationSet, Coverage, Run, Task
from tests.skus import listed, write
from tests.web.world import APPLICATION

pytestmark = pytest.mark.usefixtures("database")


def line(title: str) -> tuple[bool | None, str]:
    (found,) = [each for each in machine.look() if each.title == title]
    assert found.message.endswith("."), "a sentence"
    return found.passed, found.message


def test_a_fresh_installation_has_nothing_wrong() -> None:
    assert [each for each in machine.look() if each.passed is False] == []


def test_credentials_that_the_key_does_not_open_are_named_with_the_way_out() -> None:
    assert line("Key")[0]
    applications.add_application(operator(), applications.NewApplication(**APPLICATION))
    assert "opens the one saved credential" in line("Key")[1]
    with override_settings(SECRET_KEY="another" * 10):
        passed, message = line("Key")
    assert passed is False
    assert APPLICATION["name"] in message
    assert "SEATKEEPER_SECRET_KEY" in message


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such bits")
def test_a_file_that_others_can_read_is_named_with_the_command_that_closes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    (key := tmp_path / "secret.key").touch(0o640)
    monkeypatch.setattr("seatkeeper.store.files.SEATKEEPER", SEATKEEPER._replace(home=tmp_path, key_file=key))
    assert line("Files") == (None, f"Other users of this machine can get at {key}. Close it with: chmod 600 '{key}'.")
    key.chmod(0o600)
    if connection.vendor == "sqlite":
        (file := Path(connection.settings_dict["NAME"])).chmod(0o604)
        assert f"chmod 600 '{file}'" in line("Files")[1]
        file.chmod(0o600)
    assert line("Files")[0]


def test_a_disk_without_room_is_told_before_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, passed in ((2**40, True), (999_000_000, None), (LEAST_FREE - 1, False)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free, total=2**41))
        assert line("Disk")[0] is passed


def test_the_age_of_the_last_backup_is_told() -> None:
    assert line("Backup")[0] is None
    audit.record(operator(), "backup.made", "monday.zip")
    assert line("Backup") == (True, "The last one was made today, with `seatkeeper backup`.")


@pytest.mark.parametrize(
    ("ahead", "passed", "said"), [(0, True, "agreed"), (-hours(2), None, "2 h ahead"), (hours(2), None, "2 h behind")]
)
def test_a_clock_that_differs_from_the_vendors_is_told(ahead: int, passed: bool | None, said: str) -> None:
    assert line("Clock")[0], "nothing was read yet"
    application = applications.add_application(operator(), applications.NewApplication(**APPLICATION))
    now = system_clock()
    task = Task.objects.get(connection=application.connection, key="access")
    run = Run.objects.create(
        organization=application.organization, task=task, status="complete", started=now, ended=now + hours(1)
    )
    asked = ApplicationSet.objects.create(digest="x", members="[]")
    read_at = now + hours(1) * (ahead > 0) + ahead
    Coverage.objects.create(connection=application.connection, asked=asked, start=0, end=1, read_at=read_at, run=run)
    found = line("Clock")
    assert found[0] is passed
    assert said in found[1]


@pytest.mark.parametrize(
    ("url", "host", "proxy", "passed", "said"),
    [
        ("http://localhost:8000", "localhost", "", True, "this machine only"),
        ("http://seats.example.com", "seats.example.com", "", None, "can be read on the way"),
        ("https://seats.example.com", "seats.example.com", "", None, "SEATKEEPER_TRUSTED_PROXY"),
        ("https://seats.example.com", "seats.example.com", "127.0.0.1", True, "127.0.0.1"),
        ("https://seats.example.com", "seats.example.com", "10.0.0.0/16,fd00::/8", True, "10.0.0.0/16, fd00::/8"),
        ("https://seats.example.com", "seats.example.com", "8.0.0.0/8", None, "trusts the public network 8.0.0.0/8"),
        (
            "https://example.com",
            "example.com",
            "127.0.0.1",
            False,
            "SEATKEEPER_ALLOWED_HOSTS does not hold example.com",
        ),
        ("http://localhost:8000", "localhost", "127.0.0.1", None, "SEATKEEPER_URL"),
    ],
)
def test_the_public_address_and_the_proxy_fit_each_other(
    monkeypatch: pytest.MonkeyPatch, url: str, host: str, proxy: str, passed: bool | None, said: str
) -> None:
    proxies = read_networks({"P": proxy}, "P")
    hosts = ("localhost", "seats.example.com")
    settings = SEATKEEPER._replace(address=Address(url, host), allowed_hosts=hosts, trusted_proxies=proxies)
    monkeypatch.setattr(machine, "SEATKEEPER", settings)
    found = line("Address")
    assert found[0] is passed
    assert said in found[1]


def test_overdue_tasks_are_told() -> None:
    assert line("Tasks")[0]
    application = applications.add_application(operator(), applications.NewApplication(**APPLICATION))
    connection_of = application.connection
    connection_of.created = system_clock() - days(9)
    connection_of.save()
    assert line("Tasks")[0] is None


def test_the_age_of_what_is_known_of_skus_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert line("Products") == (True, "What is known of Microsoft's SKUs is of 2026-08-21.")
    monkeypatch.setattr(machine, "system_clock", lambda: to_instant("2027-09-01T00:00:00Z"))
    passed, message = line("Products")
    assert passed is None
    assert "seatkeeper catalog import FILE" in message
    sku_lists.import_list(operator(), write([listed("New")]), "a.csv", lambda: to_instant("2027-08-01T00:00:00Z"))
    assert line("Products")[0]
