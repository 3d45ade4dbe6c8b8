"""The tools that guestwright is compared with, in an environment of their own; and the machine's facts."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

from benchmark.accounting import memory_measure
from guestwright import __version__

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
VENV = BUILD / "benchmark-venv"
_REQUIREMENTS = Path(__file__).with_name("baselines") / "requirements.txt"


def set_up() -> None:
    """Make the environment, or make it anew where its requirements have changed."""
    stamp = VENV / "requirements.txt"
    wanted = _REQUIREMENTS.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    pip = [str(VENV / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(_REQUIREMENTS)], check=True)
    stamp.write_text(wanted)


def mitogen_strategies() -> Path:
    """Return where Mitogen's strategy plugins are."""
    return next(VENV.glob("lib/python3*/site-packages/ansible_mitogen/plugins/strategy"))


def machine() -> dict[str, object]:
    """Return what a reader needs to know of this machine and of what was compared."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB",
        "kernel": platform.release(),
        "load when it began": f"{os.getloadavg()[0]:.2f}",
        "python": platform.python_version(),
        "openssh": _output("ssh", "-V").split(",")[0],
        "guestwright": f"{__version__}, commit {_output('git', '-C', str(ROOT), 'rev-parse', '--short', 'HEAD')}",
        "guestwright's ansible-core": importlib.metadata.version("ansible-core"),
        "guestwright's ansible-runner": importlib.metadata.version("ansible-runner"),
        "memory is": memory_measure(),
        "compared with": ", ".join(_REQUIREMENTS.read_text().split()),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError:
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"
