"""The playbooks of a project, one per phase, from the templates beside this file."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jinja2
import yaml

from guestwright.jobs.model import SessionCommand
from guestwright.planning.model import Plan

PLAYBOOKS = ("prepare.yml", "release.yml", "session.yml", "site.yml")
_LINE_WIDTH = 100


def render_playbooks(plan: Plan, session_name: str) -> dict[str, str]:
    """Return the text of every playbook by its name.

    On the way to an action nothing is templated but the session commands: a template costs each guest's worker the time
    to compile it, about a fifth of all that a phase costs the backup server.
    """
    session = plan.job.session
    values = {
        "job": plan.job.name,
        "session": session_name,
        "parallel": session.parallel,
        "group": session.consistency_group == "job",
        "commands": {
            name: _command(command)
            for name, command in (("snapshot", session.snapshot), ("backup", session.backup))
            if command is not None
        },
    }
    environment = _environment()
    return {name: environment.get_template(f"{name}.j2").render(values) for name in PLAYBOOKS}


def render_orphans_playbook(server: str, live: Sequence[str], *, all_servers: bool) -> str:
    """Return the playbook that removes what no live run owns.

    Args:
        server: the name of this backup server, as its deployments carry it.
        live: its runs that are alive.
        all_servers: remove what other backup servers have deployed, too.
    """
    options = {"owner": {"server": server}, "all_owners": all_servers, "live": list(live), "remove": True}
    return _environment().get_template("orphans.yml.j2").render(options=options)


def _command(command: SessionCommand) -> dict[str, Any]:
    return {"command": list(command.command), "timeout": command.timeout}


@functools.cache
def _environment() -> jinja2.Environment:
    # The templates' own delimiters differ from Ansible's, so that `{{ }}` in a playbook needs no escaping.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("guestwright.rendering"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 (YAML, not HTML: the filter below quotes)
        variable_start_string="<<",
        variable_end_string=">>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["yaml"] = _yaml
    return environment


class _Dumper(yaml.SafeDumper):
    """Indents sequences below their key, as ansible-lint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def _yaml(value: object, indent: int) -> str:
    """Return a value as block YAML whose every line is indented, without a newline at the end."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=_LINE_WIDTH)
    return "\n".join(" " * indent + line for line in text.splitlines())
