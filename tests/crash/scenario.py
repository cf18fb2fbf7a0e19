"""A life: some simulated days of one tenant, with runs that are ended again and again until one completes."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.children import Child
from tests.crash.designs import Design, Verdict
from tests.crash.ours import Ours
from tests.crash.ways import Way
from tests.crash.world import World, open_world

# Hours between the runs: the same day, the next ones, and more than the week after which everybody is read again.
STEPS = (0, 7, 20, 26, 72, 190)
SHORT = (0, 26, 190)
PEOPLE = 2_500


@dataclass
class Figures:
    """What one or many lives came to; a life is bad when anything in it was wrong."""

    lives: int = 0
    bad_lives: int = 0
    runs: int = 0
    kills: int = 0
    stale: int = 0
    seconds: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)
    places: Counter[str] = field(default_factory=Counter)

    def add(self, other: Figures) -> None:
        for name in ("lives", "bad_lives", "runs", "kills", "stale", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.verdict.add(other.verdict)
        self.places += other.places


class Life:
    """One tenant, one installation, and one way to end its runs."""

    def __init__(self, design: Design, world: World, way: Way, roll: random.Random, figures: Figures) -> None:
        self.design, self.world, self.way, self.roll, self.figures = design, world, way, roll, figures

    def step(self, place: int, tries: int) -> None:
        """Runs at one moment of the tenant, ended some times, then one that must complete, then the verdict."""
        truth = self.world.truth() if isinstance(self.design, Ours) else None
        for _ in range(tries):
            end = self.way.end(self.design, self.world, self.roll, place)
            self.figures.runs += 1
            self.figures.kills += end.by_us
            self.figures.places[end.where] += end.by_us
            if not end.fine:
                self.wrong(f"a run ended with {end.code}: {end.child.tail()}")
                return
            self.figures.verdict.add(self.design.peek())
            if isinstance(self.design, Ours) and truth:
                self.figures.verdict.wrong += self.design.half_truth(self.design.seen, truth)
        self.complete(self.design.start(self.world))
        if not self.figures.verdict.wrong:
            self.figures.verdict.add(self.design.judge(self.world))

    def complete(self, child: Child) -> None:
        """The next run, with nobody's help."""
        child.go()
        code = child.finish()
        self.figures.runs += 1
        if code:
            self.wrong(f"the run that was left alone ended with {code}: {child.tail()}")

    def wrong(self, what: str) -> None:
        self.figures.verdict.wrong.append(what)


def live(
    make: Callable[[Path], Design], way: Way, seed: int, folder: Path, kills: int, steps: Sequence[int] = STEPS
) -> Figures:
    """One life of about so many kills; what is wrong stands in the figures. Every third has late sign-ins only."""
    roll, figures, begin = random.Random(seed), Figures(lives=1), time.monotonic()
    with open_world(seed, PEOPLE, *(["late=all"] if seed % 3 == 0 else [])) as world:
        design = make(folder)
        design.prepare(world)
        life = Life(design, world, way, roll, figures)
        for place, hours in enumerate(steps):
            world.move(hours)
            life.step(place, -(-kills // len(steps)))
            if figures.verdict:
                break
    figures.bad_lives = int(bool(figures.verdict))
    figures.seconds = time.monotonic() - begin
    if figures.verdict:
        figures.verdict.wrong.insert(0, f"{design.name}, seed {seed}, step {place}, in {folder}:")
    return figures
