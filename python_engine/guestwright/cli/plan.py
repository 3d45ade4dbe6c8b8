"""`guestwright plan`: what a job would do, decided and explained guest by guest, without touching any of them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from guestwright.cli.job_arguments import add_job_arguments, read_and_plan
from guestwright.cli.output import write
from guestwright.exit_codes import ExitCode

if TYPE_CHECKING:
    _SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

_EPILOG = """\
examples:
  guestwright plan jobs/nightly.yml -i inventories/production
  guestwright plan jobs/nightly.yml -i inventories/production --limit sql-01
  guestwright plan jobs/nightly.yml -i inventories/production --assume facts.yml --format json

--assume takes facts that only a guest itself could tell, for instance:
  guests:
    sql-01: {routes: {admin: closed, installer_service: open}, certificates: valid, installed: [guest_helper]}
  proxies:
    proxy-01: {link: down}

The exit code is 0 also where guest processing of a guest would fail.
"""


def add_parser(subparsers: _SubParsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "plan",
        help="decide and explain what a job would do, touching no guest",
        description="Decide who deploys to each guest, by which method and over which route, and say why.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_job_arguments(parser)
    parser.add_argument("--assume", metavar="FILE", help="a YAML file of facts to plan for; - reads standard input")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.set_defaults(handler=_plan)


def _plan(arguments: argparse.Namespace) -> ExitCode:
    from guestwright.reports.plan import plan_json, plan_text

    planned = read_and_plan(arguments.job, arguments.inventory, arguments.limit, arguments.assume)
    write(plan_json(planned.plan) if arguments.format == "json" else [plan_text(planned.plan)])
    return ExitCode.SUCCESS
