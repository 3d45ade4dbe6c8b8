"""Samples, medians, ratios and targets. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

OURS = "guestwright"


@dataclass(frozen=True)
class Sample:
    """What one run of one case has cost.

    Attributes:
        case: its name, such as `role-tuned`.
        guests: how many.
        payload: `real` or `padded`; the name of the inventory where no guest is touched.
        seconds: wall time per command.
        cpu_seconds: processor time of the controller.
        guest_cpu_seconds: of all guests together.
        peak_bytes: the most memory that the controller's processes had together.
        problem: why the end state was not reached; empty where it was.
    """

    case: str
    guests: int
    payload: str
    seconds: Mapping[str, float]
    cpu_seconds: float
    guest_cpu_seconds: float
    peak_bytes: int
    problem: str = ""

    @property
    def wall(self) -> float:
        """Wall time of all commands together."""
        return sum(self.seconds.values())


@dataclass(frozen=True)
class Figure:
    """The medians of a case's runs; `problem` is that of the first run that failed."""

    case: str
    guests: int
    payload: str
    runs: int
    wall: float
    seconds: Mapping[str, float]
    cpu_seconds: float
    guest_cpu_seconds: float
    peak_bytes: float
    problem: str = ""

    @property
    def key(self) -> tuple[str, int, str]:
        """What identifies it."""
        return (self.case, self.guests, self.payload)


@dataclass(frozen=True)
class Target:
    """A figure that is aimed at.

    Attributes:
        text: what is compared.
        case: whose figure it is.
        against: the case whose figure divides it; none for an absolute figure.
        unit: `wall`, `cpu_per_guest` (seconds) or `peak_bytes`.
        at_least: the lowest value that meets it.
        at_most: the highest.
        sizes: the numbers of guests for which it is meant: from the first to the second.
    """

    text: str
    case: str
    against: str | None
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    sizes: tuple[int, int] = (50, 1_000_000)


@dataclass(frozen=True)
class Verdict:
    """A target with what was measured; `value` is none where it was not measured."""

    target: Target
    guests: int
    payload: str
    value: float | None
    met: bool | None = field(default=None)


TARGETS: tuple[Target, ...] = (
    Target("role with defaults / guestwright, wall", "role-defaults", OURS, "wall", at_least=15),
    Target("role tuned / guestwright, wall", "role-tuned", OURS, "wall", at_least=12),
    Target("role under Mitogen / guestwright, wall", "role-mitogen", OURS, "wall", at_least=5),
    Target("pyinfra / guestwright, wall", "pyinfra", OURS, "wall", at_least=2),
    Target("guestwright / plain ssh, wall", OURS, "ssh", "wall", at_most=1.2),
    Target("guestwright / plain ssh with the same options, wall", OURS, "ssh-same-options", "wall", at_most=2.5),
    Target("guestwright, controller CPU per guest", OURS, None, "cpu_per_guest", at_most=0.160),
    Target("guestwright, peak memory", OURS, None, "peak_bytes", at_most=400 * 2**20, sizes=(100, 100)),
    Target("plan / ansible-inventory, wall", "plan", "ansible-inventory", "wall", at_most=1.3, sizes=(10_000, 10_000)),
    Target(
        "render / ansible-inventory, wall", "render", "ansible-inventory", "wall", at_most=1.3, sizes=(10_000, 10_000)
    ),
    Target("plan, peak memory", "plan", None, "peak_bytes", at_most=2**30, sizes=(10_000, 10_000)),
    Target("render, peak memory", "render", None, "peak_bytes", at_most=2**30, sizes=(10_000, 10_000)),
)


def figures(samples: Sequence[Sample]) -> list[Figure]:
    """Return the medians of every case, in the order in which the cases were first run."""
    groups: dict[tuple[str, int, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.case, sample.guests, sample.payload), []).append(sample)
    return [_figure(group) for group in groups.values()]


def _figure(group: Sequence[Sample]) -> Figure:
    good = [sample for sample in group if not sample.problem] or list(group)
    first = good[0]
    steps = {step: statistics.median(sample.seconds.get(step, 0.0) for sample in good) for step in first.seconds}
    return Figure(
        case=first.case,
        guests=first.guests,
        payload=first.payload,
        runs=len(good),
        wall=statistics.median(sample.wall for sample in good),
        seconds=steps,
        cpu_seconds=statistics.median(sample.cpu_seconds for sample in good),
        guest_cpu_seconds=statistics.median(sample.guest_cpu_seconds for sample in good),
        peak_bytes=statistics.median(sample.peak_bytes for sample in good),
        problem=next((sample.problem for sample in group if sample.problem), ""),
    )


def ratio(numerator: Figure, denominator: Figure) -> float | None:
    """Return how many times longer one case took; none where either did not reach its end state."""
    if numerator.problem or denominator.problem or denominator.wall <= 0:
        return None
    return numerator.wall / denominator.wall


def verdicts(measured: Sequence[Figure], targets: Sequence[Target] = TARGETS) -> list[Verdict]:
    """Return every target for every size and payload that was measured, met, missed or not measured."""
    by_key = {figure.key: figure for figure in measured}
    found = []
    for guests, payload in dict.fromkeys((figure.guests, figure.payload) for figure in measured):
        for target in targets:
            if not target.sizes[0] <= guests <= target.sizes[1]:
                continue
            if guests >= 10_000 and target.sizes[0] < 10_000:
                continue
            value = _value(target, guests, payload, by_key)
            found.append(Verdict(target, guests, payload, value, _met(target, value)))
    return found


def _value(target: Target, guests: int, payload: str, by_key: Mapping[tuple[str, int, str], Figure]) -> float | None:
    figure = by_key.get((target.case, guests, payload))
    if figure is None or figure.problem:
        return None
    if target.against is not None:
        other = by_key.get((target.against, guests, payload))
        return ratio(figure, other) if other else None
    return figure.cpu_seconds / guests if target.unit == "cpu_per_guest" else figure.peak_bytes


def _met(target: Target, value: float | None) -> bool | None:
    if value is None:
        return None
    too_low = target.at_least is not None and value < target.at_least
    too_high = target.at_most is not None and value > target.at_most
    return not (too_low or too_high)
