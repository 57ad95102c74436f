"""How a piece of work is measured beside its peers.

All contenders of a case do the same work on the same arrays in the same process. They take turns, round after round,
so that a machine that slows down slows all of them; a ratio is the median of the ratios of the rounds, and its spread
their quartiles. What is measured is processor time, which does not count the time that other processes took, except
where threads or processes of our own wait for each other.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

OURS = "ours"
COPY = "copy"
JAVA = "Java (recorded)"
BEST = "best peer"


@dataclass(frozen=True)
class Unit:
    """How seconds (or bytes) per item are shown."""

    name: str
    factor: float
    is_rate: bool = False

    def text(self, value: float) -> str:
        """Show a value with three digits that count."""
        shown = self.factor / value if self.is_rate else self.factor * value
        return f"{shown:,.0f}" if shown >= 100 else f"{shown:.3g}"


NS_PER_POINT = Unit("ns/point", 1e9)
MICROSECONDS = Unit("µs", 1e6)
MILLISECONDS = Unit("ms", 1e3)
TILES = Unit("tiles/s", 1.0, is_rate=True)
POINTS = Unit("points/s", 1.0, is_rate=True)
REQUESTS = Unit("requests/s", 1.0, is_rate=True)
PAIRS = Unit("pairs/s", 1.0, is_rate=True)
MEGABYTES = Unit("MB", 1e-6)


@dataclass(frozen=True)
class Goal:
    """A row of the budget: so many times better than a peer, or within a multiple of it, or within a limit alone."""

    limit: float
    peer: str | None = None
    within: bool = False

    def text(self, unit: Unit) -> str:
        """Say it in words."""
        if self.peer is None:
            return f"{'≥' if unit.is_rate else '≤'} {unit.text(self.limit)} {unit.name}"
        return f"{'≤' if self.within else '≥'} {self.limit:g}x {self.peer}"


def faster(factor: float, peer: str) -> Goal:
    """At least so many times the peer's speed."""
    return Goal(factor, peer)


def within(factor: float, peer: str) -> Goal:
    """At most so many times the peer's time."""
    return Goal(factor, peer, within=True)


def at_most(seconds: float) -> Goal:
    """At most so long per item."""
    return Goal(seconds)


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    `tolerance` is how far its result may be from ours, None where it is known to be wrong or is no result at all;
    `numbers` gives what is compared, outside of what is timed.
    """

    call: Callable[[], Any]
    tolerance: float | None = None
    numbers: Callable[[Any], Any] = np.array


@dataclass(frozen=True)
class Case:
    """A piece of work, done by us and by others.

    `count` items are done per call; `counts` overrides it for contenders that are given less to do. `recorded` holds
    seconds per item of peers that can't be run here.
    """

    work: str
    unit: Unit
    count: int
    contenders: Mapping[str, Contender]
    goals: Sequence[Goal] = ()
    recorded: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    clock: Callable[[], int] = time.process_time_ns


@dataclass(frozen=True)
class Effort:
    """How much is measured: items of the large cases, rounds, and seconds that one turn and one case may take."""

    many: int
    rounds: int
    turn: float
    case: float

    def size(self, count: int, least: int = 12) -> int:
        """Scale a number of items, which is meant for a full run."""
        return max(least, count * self.many // 1_000_000)


FULL = Effort(many=1_000_000, rounds=7, turn=0.02, case=2.0)
QUICK = Effort(many=1_000_000, rounds=5, turn=0.01, case=0.5)
SMALL = Effort(many=200, rounds=2, turn=0.0, case=0.0)


@dataclass(frozen=True)
class Sample:
    """Seconds (or bytes) per item: one number a round; `recorded` ones come from another machine."""

    rounds: tuple[float, ...]
    recorded: bool = False

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.rounds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Where the middle half of the rounds lies."""
        low, high = np.quantile(self.rounds, [0.25, 0.75]).tolist()
        return low, high


@dataclass(frozen=True)
class Row:
    """What came out of a case."""

    group: str
    work: str
    unit: Unit
    samples: Mapping[str, Sample]
    goals: Sequence[Goal]

    def best_peer(self) -> str | None:
        """The fastest of the others: copying and what was recorded elsewhere aside."""
        others = {n: s.median for n, s in self.samples.items() if n not in (OURS, COPY) and not s.recorded}
        return min(others, key=others.__getitem__) if others else None

    def ratio(self, peer: str) -> Sample | None:
        """How many times the peer's time is ours, round by round; None where it was not measured."""
        name = self.best_peer() if peer == BEST else peer
        if name not in self.samples:
            return None
        ours, theirs = self.samples[OURS].rounds, self.samples[name]
        if theirs.recorded:
            return Sample(tuple(theirs.median / value for value in ours), recorded=True)
        return Sample(tuple(t / o for o, t in zip(ours, theirs.rounds, strict=False)))

    def value(self, goal: Goal) -> float | None:
        """Give the number that a goal is about."""
        if goal.peer is None:
            return self.samples[OURS].median
        ratio = self.ratio(goal.peer)
        if ratio is None:
            return None
        return 1.0 / ratio.median if goal.within else ratio.median

    def reached(self, goal: Goal) -> bool | None:
        """Whether a goal is reached; None where its peer was not measured."""
        value = self.value(goal)
        if value is None:
            return None
        return value >= goal.limit if goal.peer and not goal.within else value <= goal.limit


class DisagreementError(Exception):
    """A contender's result is not ours: timing it would say nothing."""


def _result(contender: Contender) -> Any:
    """Give a copy of the numbers: contenders may write into one array."""
    return np.array(contender.numbers(contender.call()), dtype=np.float64)


def check_agreement(case: Case) -> None:
    """Compare the results of all contenders that are meant to agree with ours."""
    comparable = {name: c for name, c in case.contenders.items() if name != OURS and c.tolerance is not None}
    for name, contender in comparable.items():
        ours = _result(case.contenders[OURS])
        theirs = _result(contender)
        away = np.abs(theirs - ours[: len(theirs)]).max(initial=0.0)  # some are given fewer items
        if not away <= (contender.tolerance or 0.0):
            raise DisagreementError(
                f"{case.work}: {name} is {away:.3g} away from ours, {contender.tolerance:g} allowed"
            )


def _turn(call: Callable[[], Any], loops: int, clock: Callable[[], int]) -> float:
    start = clock()
    for _ in range(loops):
        call()
    return (clock() - start) * 1e-9


def _loops(call: Callable[[], Any], effort: Effort, clock: Callable[[], int]) -> tuple[int, float]:
    """Calls that make up a turn, and how long one takes; the first calls warm up."""
    call()
    loops = 1
    while (taken := _turn(call, loops, clock)) < effort.turn:
        loops = max(2 * loops, min(100 * loops, int(1.2 * loops * effort.turn / max(taken, 1e-9))))
    return loops, taken / loops


def measure(group: str, case: Case, effort: Effort) -> Row:
    """Check a case, then let its contenders take turns.

    Slow ones get fewer rounds, the first ones, so that every ratio is of neighbours in time.
    """
    check_agreement(case)
    plans = {name: _loops(c.call, effort, case.clock) for name, c in case.contenders.items()}
    rounds = {
        name: max(min(2, effort.rounds), min(effort.rounds, int(effort.case / max(loops * seconds, 1e-9))))
        for name, (loops, seconds) in plans.items()
    }
    taken: dict[str, list[float]] = {name: [] for name in plans}
    names = list(plans)
    for k in range(effort.rounds):
        for name in names[k % len(names) :] + names[: k % len(names)]:  # nobody always follows the same one
            if k < rounds[name]:
                loops = plans[name][0]
                items = case.counts.get(name, case.count) * loops
                taken[name].append(_turn(case.contenders[name].call, loops, case.clock) / items)
    samples = {name: Sample(tuple(values)) for name, values in taken.items()}
    samples |= {name: Sample((value,), recorded=True) for name, value in case.recorded.items()}
    return Row(group, case.work, case.unit, samples, case.goals)


def measure_all(group: str, cases: Iterator[Case], effort: Effort) -> Iterator[Row]:
    """Measure case after case; each is made when its turn comes and dropped after it."""
    for case in cases:
        yield measure(group, case, effort)
