"""Load the file of `plan --assume`: stated facts instead of open questions."""

from __future__ import annotations

from collections.abc import Mapping

from guestwright.jobs import schema_problems
from guestwright.jobs.positions import Data
from guestwright.planning.model import Assumptions, GuestFacts, ProxyFacts


def load_assumptions(path_text: str, content: bytes) -> Assumptions:
    """Check an assumptions file and return what it states.

    Args:
        path_text: the path as the user gave it, for messages.
        content: the file's bytes.

    Raises:
        InvalidFileError: the file is refused; holds every problem that was found.
    """
    data = schema_problems.read(path_text, content, "assumptions").data()
    return Assumptions(
        guests={name: _guest(facts) for name, facts in data.get("guests", {}).items()},
        proxies={name: _proxy(facts) for name, facts in data.get("proxies", {}).items()},
    )


def _guest(facts: Mapping[str, Data]) -> GuestFacts:
    return GuestFacts(
        os=facts.get("os"),
        routes={route: state == "open" for route, state in facts.get("routes", {}).items()},
        certificates_valid=facts["certificates"] == "valid" if "certificates" in facts else None,
        installed=tuple(facts["installed"]) if "installed" in facts else None,
    )


def _proxy(facts: Mapping[str, Data]) -> ProxyFacts:
    return ProxyFacts(
        link_up=facts["link"] == "up" if "link" in facts else None, running_tasks=facts.get("running_tasks")
    )
