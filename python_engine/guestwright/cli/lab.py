"""``guestwright lab``: guests on this machine to rehearse with."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from guestwright.errors import GuestwrightError, UsageError
from guestwright.exit_codes import ExitCode
from guestwright.lab import commands, faults, inside, prerequisites, state
from guestwright.lab import status as lab_status
from guestwright.lab.model import LOGINS, parse_file_system, parse_name

_EPILOG = """\
examples:
  guestwright lab up --linux 3 --file-system ext4:64M
  guestwright lab exec -- ansible -i /run/guestwright-lab/lab/inventory.yml linux -m ping
  guestwright lab exec --guest linux-001 -- hostname
  guestwright lab fault linux-002 loss 30
  guestwright lab fault linux-002 up
  guestwright lab down
"""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add ``lab`` and its commands; each sets ``handler``."""
    lab = subparsers.add_parser(
        "lab",
        help="guests on this machine to rehearse with",
        description="Start, break and end guests on this machine: each has its own network, processes, host name and "
        "files. No packet leaves the lab.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = lab.add_subparsers(dest="verb", metavar="COMMAND", required=True)

    up = _verb(verbs, "up", _up, "start a lab, or add guests to it; prints the inventory's path")
    up.add_argument("--linux", type=int, required=True, metavar="N", help="how many guests, linux-001 and so on")
    up.add_argument("--systemd", action="store_true", help="guests with a real systemd as their first process")
    up.add_argument("--file-system", metavar="KIND:SIZE", help="a real file system at /srv, like ext4:64M or xfs:1G")
    up.add_argument(
        "--login",
        choices=LOGINS,
        default="root",
        help="who logs in: root, operator (sudo), clerk (sudo with a password)",
    )

    status = _verb(verbs, "status", _status, "what a lab is made of and how it fares")
    status.add_argument("--format", choices=("text", "json"), default="text", help="how to print it")

    execute = _verb(verbs, "exec", _exec, "run a command on the lab's backup server, or in a guest")
    execute.add_argument("--guest", metavar="GUEST", help="run it in this guest, as its root")
    execute.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="the command and its arguments"
    )

    fault = _verb(verbs, "fault", _fault, "break or mend a guest's link")
    fault.add_argument("guest", metavar="GUEST", help="like linux-001")
    fault.add_argument(
        "kind", choices=faults.KINDS, help="cut it, mend it, slow it (MS each way), lose PERCENT each way"
    )
    fault.add_argument("amount", nargs="?", metavar="MS|PERCENT", help="for delay and loss")

    down = _verb(verbs, "down", _down, "end a lab and remove everything of it")
    down.add_argument("--all", action="store_true", help="end all labs")


def _verb(
    verbs: argparse._SubParsersAction[Any],
    name: str,
    handler: Callable[[argparse.Namespace], ExitCode],
    text: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("--name", default="lab", metavar="LAB", help="the lab's name (default: %(default)s)")
    parser.set_defaults(handler=handler)
    return parser


def _up(arguments: argparse.Namespace) -> ExitCode:
    prerequisites.extend_path()
    wanted = commands.Wanted(
        name=parse_name(arguments.name),
        guests=arguments.linux,
        systemd=arguments.systemd,
        file_system=parse_file_system(arguments.file_system) if arguments.file_system else None,
        login=arguments.login,
        rootless=os.geteuid() != 0,
    )
    print(commands.up(wanted))
    return ExitCode.SUCCESS


def _status(arguments: argparse.Namespace) -> ExitCode:
    found = lab_status.status(parse_name(arguments.name))
    print(json.dumps(found, indent=2) if arguments.format == "json" else as_text(found))
    return ExitCode.SUCCESS


def as_text(found: dict[str, Any]) -> str:
    """Return a lab's status for people."""
    lines = [
        f"lab {found['name']}: {len(found['guests'])} guests in {found['network']}, inventory {found['inventory']}"
    ]
    for name, one in found["guests"].items():
        fares = "answers" if one["answers"] else "does not answer" if one["running"] else "has ended"
        broken = ", ".join(key if value is True else f"{key} {value:g}" for key, value in one["faults"].items())
        lines.append(f"  {name}  {one['address']:<15}  {fares}{f'  ({broken})' if broken else ''}")
    return "\n".join([*lines, *(f"limit: {limit}" for limit in found["limits"])])


def _exec(arguments: argparse.Namespace) -> ExitCode:
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not command:
        raise UsageError("no command is given", "guestwright lab exec -- COMMAND")
    code = inside.execute(parse_name(arguments.name), arguments.guest, command)
    sys.exit(code)


def _fault(arguments: argparse.Namespace) -> ExitCode:
    prerequisites.extend_path()
    commands.fault(parse_name(arguments.name), arguments.guest, faults.parse(arguments.kind, arguments.amount))
    return ExitCode.SUCCESS


def _down(arguments: argparse.Namespace) -> ExitCode:
    prerequisites.extend_path()
    for name in state.names() if arguments.all else [parse_name(arguments.name)]:
        commands.down(name)
    return ExitCode.SUCCESS


def _main() -> int:
    parser = argparse.ArgumentParser(prog="guestwright")
    add_parser(parser.add_subparsers(required=True))
    arguments = parser.parse_args()
    try:
        return int(arguments.handler(arguments))
    except GuestwrightError as error:
        print(f"guestwright: {error}", file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(_main())
