"""Plan and render of a large inventory, against what Ansible itself takes to read it."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Callable
from pathlib import Path

from benchmark.cases import write_job
from benchmark.figures import Sample
from benchmark.guests import GUESTWRIGHT
from benchmark.measure import Step, launcher, measure

_GROUPS = 20
_PERIOD = 0.05


def write_inventory(path: Path, guests: int) -> None:
    """Write an inventory of one parent group with 20 groups below it, an address and two variables per guest."""
    lines = ["all:", "  children:", "    linux:", "      vars:", "        ansible_user: root", "      children:"]
    for group in range(_GROUPS):
        lines += [f"        site_{group:02d}:", "          vars:", f"            site: {group}", "          hosts:"]
        for number in range(group, guests, _GROUPS):
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            lines += [f"            guest-{number:05d}:", f"              ansible_host: {address}"]
            lines += ["              guestwright_os: linux", f"              asset: {number}"]
    path.write_text("\n".join(lines) + "\n")


def measure_inventory(work: Path, guests: int, repeat: int, tell: Callable[[Sample], None]) -> None:
    """Measure reading, plan and render, one after the other, as often as asked."""
    folder = work / "inventory"
    folder.mkdir()
    inventory = folder / "inventory.yml"
    write_inventory(inventory, guests)
    job = write_job(folder)
    reader = Path(sysconfig.get_path("scripts"), "ansible-inventory")
    rendered = folder / "rendered"
    commands = {
        "ansible-inventory": [str(reader), "-i", str(inventory), "--list"],
        "plan": [GUESTWRIGHT, "plan", str(job), "-i", str(inventory)],
        "render": [GUESTWRIGHT, "render", str(job), "-i", str(inventory), "--output", str(rendered)],
    }
    with launcher() as runner:
        for _ in range(repeat):
            for name, argv in commands.items():
                shutil.rmtree(rendered, ignore_errors=True)
                step = Step(name, argv, folder, folder / f"{name}.out")
                cost = measure(
                    runner,
                    [step],
                    guest_cpu=lambda: 0.0,
                    check=lambda step, code: _problem(step, code, guests),
                    period=_PERIOD,
                )
                tell(
                    Sample(
                        name, guests, "inventory", cost.seconds, cost.cpu_seconds, 0.0, cost.peak_bytes, cost.problem
                    )
                )


def _problem(step: Step, code: int, guests: int) -> str:
    errors = step.output.with_suffix(".err").read_text()
    if code:
        return f"exit code {code}: {' '.join(errors.split())[-300:]}"
    text = step.output.read_text() + errors
    wanted = f"{guests} guests" if step.name == "render" else f"guest-{guests - 1:05d}"
    return "" if wanted in text else f"{wanted!r} is not in the output"
