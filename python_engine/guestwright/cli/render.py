"""`guestwright render`: the plan as a folder that plain Ansible runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from guestwright.cli.job_arguments import add_job_arguments, read_and_plan
from guestwright.exit_codes import ExitCode

if TYPE_CHECKING:
    _SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

_EPILOG = """\
examples:
  guestwright render jobs/nightly.yml -i inventories/production --output build/nightly
  cd build/nightly && ansible-playbook -i inventory project/site.yml

The same job and inventory give the same bytes, so the folder can be kept in Git and compared.
"""


def add_parser(subparsers: _SubParsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "render",
        help="write the job as playbooks and inventory",
        description="Write the job as an ansible-runner private data dir that works by itself.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_job_arguments(parser)
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="DIR", help="a new or empty folder")
    parser.set_defaults(handler=_render)


def _render(arguments: argparse.Namespace) -> ExitCode:
    from guestwright.execution.sources import collection_files, inventory_files
    from guestwright.execution.workspace import write_project
    from guestwright.rendering.project import render_project

    planned = read_and_plan(arguments.job, arguments.inventory, arguments.limit)
    files = render_project(planned.plan, inventory_files(arguments.inventory), collection_files())
    write_project(arguments.output, files)
    print(arguments.output)
    print(f"{len(planned.plan.guests)} guests, {len(files)} files", file=sys.stderr)
    return ExitCode.SUCCESS
