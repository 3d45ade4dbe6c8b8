"""`make demo`: brings up a lab, runs the demo job on it with the real command, and shows the report."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GUESTWRIGHT = str(Path(sys.executable).with_name("guestwright"))
LAB = "demo"
GUESTS = 6
REPORT = ROOT / "build/demo/report.html"


def main() -> int:
    """Run the demo; whatever happens, its lab is taken down again."""
    privileged = os.geteuid() == 0
    if subprocess.run([ROOT / "scripts/prerequisites"], check=False).returncode and privileged:
        return 1
    shutil.rmtree(REPORT.parent, ignore_errors=True)
    REPORT.parent.mkdir(parents=True)
    file_system = ["--file-system", "ext4:64M"] if privileged else []
    try:
        inventory = output("lab", "up", "--name", LAB, "--linux", str(GUESTS), *file_system).strip()
        limits = json.loads(output("lab", "status", "--name", LAB, "--format", "json"))["limits"]
        job = "demo.yml" if privileged else "demo-without-root.yml"
        code = run_job(ROOT / "playbooks/jobs" / job, inventory, limits)
    finally:
        subprocess.run([GUESTWRIGHT, "lab", "down", "--name", LAB], check=False)
    say(f"the report for a browser: {REPORT.relative_to(ROOT)}")
    return code


def run_job(job: Path, inventory: str, notes: list[str]) -> int:
    """Run the job in the lab's backup server, with the lab's limits as notes of the report."""
    command = ["run", str(job), "-i", inventory, "--report", str(REPORT)]
    for note in notes:
        command += ["--note", note]
    say(f"guestwright {' '.join(command[:4])} ...")
    return subprocess.run(
        [GUESTWRIGHT, "lab", "exec", "--name", LAB, "--", GUESTWRIGHT, *command], check=False
    ).returncode


def output(*arguments: str) -> str:
    """Return what a guestwright command prints; its messages go on to the terminal."""
    say(f"guestwright {' '.join(arguments)}")
    return subprocess.run([GUESTWRIGHT, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def say(line: str) -> None:
    """Tell what is done, on standard error."""
    print(f"demo: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
