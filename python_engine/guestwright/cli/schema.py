"""`guestwright schema`: print the JSON Schema of a file that guestwright reads or writes."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from guestwright.exit_codes import ExitCode

if TYPE_CHECKING:
    _SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

_EPILOG = """\
examples:
  guestwright schema job > job.schema.json
  guestwright schema job --format markdown
  guestwright schema result

An editor with a YAML language server checks a job while it is written, when the job's first line is:
  # yaml-language-server: $schema=job.schema.json
"""
_NAMES = ("job", "plan", "result", "assumptions")


def add_parser(subparsers: _SubParsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "schema",
        help="print a JSON Schema",
        description="Print the JSON Schema (draft-07) of a job, a plan, a result or an assumptions file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", choices=_NAMES, default="job", help="which schema (default: job)")
    parser.add_argument(
        "--format",
        choices=("json", "markdown"),
        default="json",
        help="the schema, or a page for people (default: json)",
    )
    parser.set_defaults(handler=_schema)


def _schema(arguments: argparse.Namespace) -> ExitCode:
    from guestwright.schemas import load_schema, schema_text
    from guestwright.schemas.markdown import page

    is_page = arguments.format == "markdown"
    sys.stdout.write(page(load_schema(arguments.name)) if is_page else schema_text(arguments.name))
    return ExitCode.SUCCESS
