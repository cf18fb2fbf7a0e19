"""Who runs a task: one of many, never a stale one, and a dead one not for long."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psutil
import pytest
from django.db import connection, transaction

from seatkeeper.errors import LeaseLost
from seatkeeper.store import leases
from seatkeeper.store.models import Task

from ..conftest import Database
from .conftest import Tenant

pytestmark = pytest.mark.both_engines

CLAIM = """
import django, sys
django.setup()
from seatkeeper.store import leases
print("ready", flush=True)
sys.stdin.readline()
fence = leases.claim(int(sys.argv[1]), leases.this_process())
print(fence, flush=True)
sys.stdin.readline()
"""


def start_claimant(task_id: int) -> subprocess.Popen[str]:
    """A process that claims at the first line it gets, and lives until the second."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(task_id)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def claim_in(process: subprocess.Popen[str]) -> str:
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def save_checkpoint(task_id: int, fence: int) -> None:
    with transaction.atomic():
        Task.objects.filter(pk=task_id).update(checkpoint="of a zombie")
        leases.hold(task_id, fence)


def test_of_fifty_threads_one_wins(contoso: Tenant) -> None:
    start = Barrier(50)

    def claim(number: int) -> int | None:
        start.wait()
        try:
            return leases.claim(contoso.task, f"worker {number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        won = [fence for fence in pool.map(claim, range(50)) if fence is not None]
    assert won == [1]


def test_a_live_process_keeps_its_task_and_a_dead_one_loses_it_at_once(contoso: Tenant, database: Database) -> None:
    first, second = start_claimant(contoso.task), start_claimant(contoso.task)
    assert claim_in(first) == "1"
    assert claim_in(second) == "None"
    assert leases.claim(contoso.task, leases.this_process()) is None
    first.kill()
    first.communicate()
    second.communicate()
    assert leases.claim(contoso.task, leases.this_process()) == 2


def test_a_zombie_is_dead(contoso: Tenant, database: Database) -> None:
    process = start_claimant(contoso.task)
    assert claim_in(process) == "1"
    process.kill()
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert leases.claim(contoso.task, leases.this_process()) == 2
    process.communicate()


def test_a_lease_that_lapsed_goes_to_the_next_and_the_first_cannot_save_any_more(contoso: Tenant) -> None:
    stale = leases.claim(contoso.task, "elsewhere:1:1")
    Task.objects.update(lease_until=leases.now() - 1)
    fence = leases.claim(contoso.task, leases.this_process())
    assert stale is not None
    assert fence == stale + 1
    with pytest.raises(LeaseLost):
        save_checkpoint(contoso.task, stale)
    assert Task.objects.get(pk=contoso.task).checkpoint is None
    leases.release(contoso.task, stale)
    save_checkpoint(contoso.task, fence)


def test_after_release_the_task_is_free_and_the_fence_grows_on(contoso: Tenant) -> None:
    fence = leases.claim(contoso.task, leases.this_process())
    assert fence == 1
    assert leases.claim(contoso.task, leases.this_process()) is None
    leases.release(contoso.task, fence)
    with pytest.raises(LeaseLost):
        save_checkpoint(contoso.task, fence)
    assert leases.claim(contoso.task, leases.this_process()) == 2


def test_only_a_process_that_is_provably_gone_is_dead() -> None:
    ours = leases.this_process()
    machine, process, started = ours.rsplit(":", 2)
    gone = 4_194_304 + 1  # above the largest process number of Linux
    assert int(process) == os.getpid()
    assert not leases.owner_is_dead(ours)
    assert leases.owner_is_dead(f"{machine}:{gone}:{started}")
    assert leases.owner_is_dead(f"{machine}:{process}:1"), "the number was given to another process since"
    for doubtful in (f"{socket.gethostname()}:other-boot:pid:[1]:{gone}:1", f"elsewhere:{gone}:1", "nonsense", ""):
        assert not leases.owner_is_dead(doubtful)
