"""The firewall matrix of a job: what must be open from where to where."""

from __future__ import annotations

from guestwright.planning.model import Plan, Port


def firewall_matrix(plan: Plan) -> tuple[Port, ...]:
    """Return every port that the plan needs, once, sorted by source, destination and port."""
    ports = {port for guest in plan.guests for port in guest.ports}
    return tuple(
        sorted(ports, key=lambda port: (port.source, port.destination, port.protocol, port.port, port.purpose))
    )
