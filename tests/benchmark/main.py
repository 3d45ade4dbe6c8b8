"""The benchmark's command line: which cases, how often; progress, tables and JSON."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmark import cases, environment, figures, guests, inventories, payload, table
from benchmark.cases import CASES, Case, Place
from benchmark.figures import OURS, Sample
from benchmark.guests import BenchmarkLab
from benchmark.measure import Launcher, Step, launcher, measure
from benchmark.payload import Payload
from guestwright.execution.sources import collection_root

LAB = "bench"
_QUIET_LOAD = 0.5
INVENTORY = "inventory"
RESULTS = environment.BUILD / "benchmark"
REFERENCE = environment.ROOT / "docs/reference/benchmark.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is asked for. Returns 0 where every case reached its end state, whatever the figures are."""
    arguments = _arguments(argv)
    if os.geteuid() != 0:
        print("bench: guests and control groups need root; run it as root", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    run = _Run(arguments)
    try:
        run.all()
    except KeyboardInterrupt:
        run.say("interrupted; what was measured so far follows")
        return 130
    finally:
        run.write()
    return 1 if any(sample.problem for sample in run.samples) else 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(
        prog="bench.py",
        description="Measure guestwright against other ways to the same end state, in a lab on this machine.",
        epilog="cases: " + "; ".join(f"{case.name} ({case.text})" for case in CASES),
    )
    parser.add_argument("--quick", action="store_true", help="10 guests, the real payload, one run of each case")
    parser.add_argument(
        "--only", action="append", choices=[*names, INVENTORY], metavar="CASE", help="only this case; may be repeated"
    )
    parser.add_argument("--sizes", type=_numbers, metavar="N,N", help="numbers of guests (default: 10,50,100)")
    parser.add_argument("--payloads", choices=("real", "padded", "both"), help="what is deployed (default: both)")
    parser.add_argument("--repeat", type=int, metavar="R", help="runs of each case but the slow ones (default: 3)")
    parser.add_argument(
        "--inventory-guests", type=int, default=10_000, metavar="N", help="guests to plan and to render"
    )
    parser.add_argument("--publish", action="store_true", help=f"put the figures into {REFERENCE.name}")
    arguments = parser.parse_args(argv)
    arguments.sizes = arguments.sizes or ([10] if arguments.quick else [10, 50, 100])
    arguments.payloads = arguments.payloads or ("real" if arguments.quick else "both")
    arguments.repeat = arguments.repeat or (1 if arguments.quick else 3)
    return arguments


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


class _Run:
    """One benchmark: its samples as they come."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.samples: list[Sample] = []
        self._arguments = arguments
        self._began = time.monotonic()
        self._started = datetime.datetime.now(datetime.UTC)
        self._machine = environment.machine()
        self._parts: dict[str, float] = {}
        self._witnessed: dict[tuple[int, str], str] = {}

    def say(self, line: str) -> None:
        """Tell how far it is, on standard error."""
        print(f"bench: [{time.monotonic() - self._began:6.0f} s] {line}", file=sys.stderr, flush=True)

    def all(self) -> None:
        """Measure everything that was asked for."""
        if os.getloadavg()[0] > _QUIET_LOAD:
            self.say(f"the load is {os.getloadavg()[0]:.1f}: seconds will say little, processor time somewhat more")
        self.say("setting up the tools that are compared with")
        environment.set_up()
        work = Path(tempfile.mkdtemp(prefix="gwb-"))
        try:
            self._inventory(work)
            for size in self._arguments.sizes:
                self._size(work, size)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _inventory(self, work: Path) -> None:
        if not self._wanted(INVENTORY):
            return
        began = time.monotonic()
        inventories.measure_inventory(work, self._arguments.inventory_guests, self._arguments.repeat, self._keep)
        self._parts[f"plan and render, {self._arguments.inventory_guests} guests"] = time.monotonic() - began

    def _wanted(self, name: str) -> bool:
        return not self._arguments.only or name in self._arguments.only

    def _cases(self, size: int) -> list[Case]:
        only = self._arguments.only or ()
        return [case for case in CASES if (case.name in only if only else size <= case.most_guests)]

    def _size(self, work: Path, size: int) -> None:
        wanted = self._cases(size)
        if not wanted:
            return
        self.say(f"bringing up {size} guests")
        with guests.lab(LAB, size) as lab, launcher(lab.prefix) as runner:
            for one in self._payloads(work):
                began = time.monotonic()
                self.say(f"{size} guests, {one.name} payload, {one.size} bytes")
                for round_number in range(self._arguments.repeat):
                    for case in wanted:
                        if round_number == 0 or not case.slow:
                            self._case(case, lab, runner, one)
                self._parts[f"{size} guests, {one.name} payload"] = time.monotonic() - began

    def _payloads(self, work: Path) -> list[Payload]:
        shutil.rmtree(work / "payloads", ignore_errors=True)
        real = payload.real(work / "payloads")
        if self._arguments.payloads == "real":
            return [real]
        padded = payload.padded(work / "payloads", collection_root(), real.size)
        return [padded] if self._arguments.payloads == "padded" else [real, padded]

    def _case(self, case: Case, lab: BenchmarkLab, runner: Launcher, one: Payload) -> None:
        folder = Path(tempfile.mkdtemp(prefix="gwb-"))
        place = Place(lab, one, folder)
        try:
            if case.name.startswith(OURS) and (problem := self._witness(place, runner)):
                cost_problem = f"prepare and release by themselves: {problem}"
                self._keep(Sample(case.name, len(lab.addresses), one.name, {"run": 0.0}, 0.0, 0.0, 0, cost_problem))
                return
            cost = measure(
                runner,
                case.steps(place),
                guest_cpu=lab.cpu_seconds,
                check=lambda step, code: _problem(place, step, code),
            )
            self._keep(
                Sample(
                    case.name,
                    len(lab.addresses),
                    one.name,
                    cost.seconds,
                    cost.cpu_seconds,
                    cost.guest_cpu_seconds,
                    cost.peak_bytes,
                    cost.problem,
                )
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _witness(self, place: Place, runner: Launcher) -> str:
        """Prove once per size and payload that the product's own phases reach the end states; it is not measured."""
        key = (len(place.lab.addresses), place.payload.name)
        if key not in self._witnessed:
            cost = measure(
                runner,
                cases.witness(place),
                guest_cpu=place.lab.cpu_seconds,
                check=lambda step, code: _problem(place, step, code),
            )
            self._witnessed[key] = cost.problem
        return self._witnessed[key]

    def _keep(self, sample: Sample) -> None:
        self.samples.append(sample)
        what = f"{sample.guests} {sample.payload} {sample.case}"
        if sample.problem:
            self.say(f"{what}: FAILED: {sample.problem}")
            return
        steps = " + ".join(f"{step} {seconds:.2f}" for step, seconds in sample.seconds.items())
        self.say(
            f"{what}: {sample.wall:.2f} s ({steps}), controller {sample.cpu_seconds:.2f} CPU s, "
            f"guests {sample.guest_cpu_seconds:.2f} CPU s, {sample.peak_bytes / 2**20:.0f} MiB"
        )

    def write(self) -> None:
        """Print the tables and write them, with every sample, to files."""
        if not self.samples:
            return
        measured = figures.figures(self.samples)
        judged = figures.verdicts(measured)
        for part, seconds in self._parts.items():
            self.say(f"{part} took {seconds:.0f} s")
        text = table.markdown(measured, judged, self._machine)
        document = {
            "schema_version": 1,
            "started": self._started.isoformat(timespec="seconds"),
            "machine": self._machine,
            "part_seconds": self._parts,
            "samples": [{**dataclasses.asdict(sample), "wall": sample.wall} for sample in self.samples],
            "figures": [dataclasses.asdict(figure) for figure in measured],
            "targets": [dataclasses.asdict(verdict) for verdict in judged],
        }
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{self._started:%Y%m%dt%H%M%S}.json"
        path.write_text(json.dumps(document, indent=2) + "\n")
        path.with_suffix(".md").write_text(text)
        if self._arguments.publish:
            REFERENCE.write_text(table.published(REFERENCE.read_text(), text))
        print(text, flush=True)
        self.say(f"written: {path} and {path.with_suffix('.md').name}")


def _problem(place: Place, step: Step, code: int) -> str:
    """Return why a step did not reach its end state."""
    if code:
        printed = step.output.read_text(errors="replace") + step.output.with_suffix(".err").read_text(errors="replace")
        return f"{step.name}: exit code {code}: {' '.join(printed.split())[-500:]}"
    if step.name == "deploy":
        return guests.not_deployed(place.lab, payload.SESSION, place.payload.sha256)
    if step.name == "run" and (problem := _result_problem(step, len(place.lab.addresses))):
        return problem
    return guests.not_gone(place.lab) if step.name in ("run", "release") else ""


def _result_problem(step: Step, expected: int) -> str:
    """Return what the result of `guestwright run` says against it."""
    found = json.loads(step.output.read_text())["guests"]
    bad = [name for name, guest in found.items() if guest["status"] != "success" or guest["method"] != "runtime"]
    phases = {phase for guest in found.values() for phase in guest["phases"]}
    if bad or len(found) != expected or not {"prepare", "release"} <= phases:
        return f"{len(found)} guests, {len(bad)} without success by runtime components, phases {sorted(phases)}"
    return ""
