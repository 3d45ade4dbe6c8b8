"""The command `guestwright`: finds the subcommand, and turns errors into messages and exit codes."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from guestwright import __version__
from guestwright.cli.output import tell
from guestwright.errors import GuestwrightError
from guestwright.exit_codes import ExitCode

COMMANDS = ("validate", "plan", "render", "run", "cleanup", "lab", "schema")

_EPILOG = """\
examples:
  guestwright validate jobs/*.yml
  guestwright plan jobs/nightly.yml -i inventories/production
  guestwright run jobs/nightly.yml -i inventories/production --report nightly.html
  guestwright lab up --linux 3

exit codes: 0 success, 1 internal error, 2 changes pending, 3 invalid job or inventory, 4 a guest failed,
5 no route to a guest, 6 something was left on a guest, 7 degraded guests, 64 usage, 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    """Exits with 64 on wrong usage: 2 means something else here (design.md section 8)."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each command's module adds its own part."""
    parser = _Parser(
        prog="guestwright",
        description="Guest processing as code: what happens inside guests around a backup, planned, run and proved.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"guestwright {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        importlib.import_module(f"guestwright.cli.{command}").add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    namespace = build_parser().parse_args(arguments)
    try:
        return int(namespace.handler(namespace))
    except GuestwrightError as error:
        tell(str(error))
        return int(error.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        return int(ExitCode.SUCCESS)


if __name__ == "__main__":
    sys.exit(main())
