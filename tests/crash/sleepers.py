"""A process that sleeps for longer than its lease, is replaced, and wakes up: nothing it still does may be saved."""

from __future__ import annotations

import random
import signal
import time

from tests.crash.children import Child, Hung
from tests.crash.designs import How
from tests.crash.ours import Ours
from tests.crash.scenario import PEOPLE, STEPS, Figures, Life
from tests.crash.ways import Timed
from tests.crash.world import World, open_world

LEASE = 0.25  # seconds, in the runs that are put to sleep
IDLE = 0.5  # seconds, after which PostgreSQL ends those that sleep inside a transaction and are not woken before
OUTSIDE = ("FP:after-claim", "FP:after-page", "FP:after-commit")  # no transaction is open there
INSIDE = {
    "roster": ("FP:before-commit", "FP:before-checkpoint", "FP:before-publish-commit"),
    "access": ("FP:before-commit", "FP:before-coverage", "FP:before-publish-commit"),
    "licenses": ("FP:before-commit", "FP:before-publish-commit"),
}


def sleep_and_wake(ours: Ours, seed: int, count: int) -> Figures:
    """So many sleepers over the days of one tenant."""
    roll, figures, begin = random.Random(seed), Figures(lives=1), time.monotonic()
    with open_world(seed, PEOPLE) as world:
        ours.prepare(world)
        life = Life(ours, world, Timed(), roll, figures)
        for hours in STEPS:
            world.move(hours)
            for _ in range(-(-count // len(STEPS))):
                _one(life, ours, world, roll)
            life.complete(ours.start(world))
            figures.verdict.add(ours.judge(world))
            if figures.verdict:
                break
    figures.bad_lives, figures.seconds = int(bool(figures.verdict)), time.monotonic() - begin
    return figures


def _one(life: Life, ours: Ours, world: World, roll: random.Random) -> None:
    """One sleeper. Inside a transaction it holds the row of its task, so that whoever comes waits for it.

    On PostgreSQL not for ever: the server ends half of them before they wake.
    """
    postgres, task = not ours.file.exists(), roll.choice(sorted(INSIDE))
    inside = roll.random() < (0.5 if postgres else 0.25)
    name = roll.choice(INSIDE[task] if inside else OUTSIDE)
    ended = inside and postgres and roll.random() < 0.5
    how = How(f"{name}=stop", task, LEASE, idle=IDLE if ended else None)
    sleeper = ours.start(world, how)
    sleeper.go()
    try:
        if _falls_asleep(sleeper):  # else it was done before it came there
            time.sleep(LEASE * 2)
            life.figures.places[f"{name} {task}{', ended by the server' * ended}"] += 1
            life.figures.kills += 1
            _take_over(life, ours, sleeper, inside=inside, ended=ended)
    finally:
        sleeper.kill()


def _take_over(life: Life, ours: Ours, sleeper: Child, *, inside: bool, ended: bool) -> None:
    """Another process does the sleeper's work, and what the sleeper does when it wakes changes nothing."""
    other = ours.start(life.world)
    other.go()
    if inside and not ended:
        _wake_while_another_waits(life, sleeper, other)
        return
    if other.finish():
        life.wrong(f"nobody could take over from a sleeper: {other.tail()}")
    before = ours.contents()
    sleeper.send(signal.SIGCONT)
    code = sleeper.finish()
    if code not in ((2, 4) if ended else (5,)):
        life.wrong(f"a sleeper that lost its lease ended with {code}: {sleeper.tail()}")
    changed = [name for name, rows in ours.contents().items() if rows != before[name]]
    life.figures.stale += len(changed)
    life.figures.verdict.wrong += [f"a sleeper that lost its lease wrote {name}" for name in changed]


def _wake_while_another_waits(life: Life, sleeper: Child, other: Child) -> None:
    """The sleeper commits what it holds before the other gets in, or loses; never both, and nobody hangs."""
    other.wait(0.3)
    sleeper.send(signal.SIGCONT)
    codes = sleeper.finish(), other.finish()
    if not set(codes) <= {0, 5}:
        life.wrong(f"sleeper and successor ended with {codes}: {sleeper.tail()} {other.tail()}")


def _falls_asleep(child: Child) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if child.is_stopped():
            return True
        if child.wait(0.01) is not None:
            return False
    child.kill()
    raise Hung("a run neither slept nor ended")
