"""Copies the collection to where Ansible's own tools want it: a real folder, ansible_collections/NAMESPACE/NAME.

The copy holds what a tarball of the collection would, and is a git repository of its own: `ansible-test` refuses a
symlink, and asks git which files there are. Usage: stage_collection.py [--output build]; prints the copy's path.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "collection"
IGNORED = shutil.ignore_patterns("__pycache__", ".*_cache", "*.tar.gz")


def stage(output: Path) -> Path:
    """Make a fresh copy of the collection below a folder, and return the copy's path."""
    target = output.resolve() / "ansible_collections" / "guestwright" / "components"
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(SOURCE, target, ignore=IGNORED)
    _git(target, "init", "--quiet")
    (target / ".git" / "info" / "exclude").write_text("/tests/output/\n", encoding="utf-8")
    _git(target, "add", "--all")
    return target


def _git(target: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(target), *arguments], check=True)


def main(arguments: Sequence[str]) -> int:
    """Stage the collection as the command line says."""
    parser = argparse.ArgumentParser(description="Copy the collection to a folder that ansible-test accepts.")
    parser.add_argument("--output", type=Path, default=ROOT / "build", help="below this folder (default: build)")
    sys.stdout.write(f"{stage(parser.parse_args(arguments).output)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
