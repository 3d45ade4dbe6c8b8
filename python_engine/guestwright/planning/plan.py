"""The plan of a job: every decision for every guest, made without touching any of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.guestwright.components.plugins.module_utils.method import (
    ROUTE_FACTS,
    Decision,
    Fact,
    decide,
)

from guestwright.errors import InventoryError
from guestwright.jobs.model import GuestProcessing, Job
from guestwright.planning.deployers import Deployers, deployers_of
from guestwright.planning.guests import require_known, select_guests
from guestwright.planning.model import Assumptions, Candidate, GuestFacts, GuestPlan, Host, Inventory, Plan
from guestwright.planning.phases import Phases, on_failure, phases_of
from guestwright.planning.ports import PortTemplate, port_templates, ports_of
from guestwright.planning.variables import Connection, addresses_of, connection_of

_NOTHING_STATED = Assumptions()
_NOTHING_ASSUMED = GuestFacts()
_MOST_PROBLEMS_SHOWN = 20
_ROUTES_OF_TREE = {
    "runtime": ("admin", "installer_service", "hypervisor"),
    "persistent": ("installer_service", "hypervisor"),
    "none": (),
}
_NO_DEPLOYER = "no machine may deploy to the guest: no proxy can be used, and the job does not fall back"
_NO_DEPLOYMENT: tuple[str | None, tuple[Candidate, ...]] = (None, ())

_Facts = tuple[tuple[Fact, bool], ...]


def plan_job(
    job: Job, inventory: Inventory, assumptions: Assumptions = _NOTHING_STATED, limit: str | None = None
) -> Plan:
    """Decide, for every guest of a job, who deploys, by which method and over which route, and what will be done.

    Args:
        job: the validated job.
        inventory: read with the job's patterns, and with `limit` where there is one.
        assumptions: facts to plan for; a fact that is not stated stays unknown.
        limit: only the guests that this pattern matches.

    Raises:
        InvalidFileError: an entry of the job matches no guest.
        InventoryError: a variable of a guest or proxy has a value that cannot be, the limit leaves no guest, or the
            job's list of proxies or the assumptions name what the inventory does not have.
    """
    guests = select_guests(job, inventory, limit)
    require_known(assumptions.guests, inventory.hosts, "guest", "--assume")
    deployers = deployers_of(job.guest_interaction_proxies, inventory, assumptions)
    planner = _Planner(job, deployers)
    plans: list[GuestPlan] = []
    problems: list[str] = []
    for name, settings in guests.items():
        facts = assumptions.guests.get(name, _NOTHING_ASSUMED)
        try:
            plans.append(planner.plan(inventory.hosts[name], settings, facts))
        except InventoryError as error:
            problems.append(str(error))
    if problems:
        more = len(problems) - _MOST_PROBLEMS_SHOWN
        shown = problems[:_MOST_PROBLEMS_SHOWN] + ([f"and {more} more hosts"] if more > 0 else [])
        raise InventoryError("\n".join(shown))
    return Plan(job, tuple(plans))


@dataclass(frozen=True, slots=True)
class _Profile:
    """What is the same for all guests with the same settings, connection and facts."""

    wanted: str
    method: str | None
    route: str | None
    routes: tuple[str, ...]
    trace: tuple[Mapping[str, str], ...]
    reason: str
    phases: Phases
    ports: list[PortTemplate]
    on_failure: str


class _Planner:
    """Plans one guest after the other; guests that differ in name and address only share their decisions."""

    def __init__(self, job: Job, deployers: Deployers) -> None:
        self._job = job
        self._deployers = deployers
        self._settings: dict[int, int] = {}
        self._profiles: dict[tuple[GuestProcessing | int, Connection, _Facts, bool], _Profile] = {}
        self._distinct_settings: dict[GuestProcessing, int] = {}

    def plan(self, host: Host, settings: GuestProcessing, assumed: GuestFacts) -> GuestPlan:
        connection = connection_of(host, assumed.os)
        addresses = addresses_of(host)
        if settings.application_processing == "disabled":
            deployer, candidates = _NO_DEPLOYMENT
        else:
            deployer, candidates = self._deployers.choose(connection.os, addresses)
        profile = self._profile(settings, connection, _known(settings, connection, assumed), deployer is not None)
        return GuestPlan(
            name=host.name,
            os=connection.os,
            address=addresses[0],
            settings=settings,
            deployer=deployer,
            candidates=candidates,
            wanted=profile.wanted,
            method=profile.method,
            route=profile.route,
            routes=profile.routes,
            trace=profile.trace,
            reason=profile.reason,
            phases=profile.phases,
            ports=ports_of(profile.ports, host.name, deployer) if deployer else (),
            on_failure=profile.on_failure,
        )

    def _profile(self, settings: GuestProcessing, connection: Connection, facts: _Facts, deployable: bool) -> _Profile:
        key = (self._number(settings), connection, facts, deployable)
        profile = self._profiles.get(key)
        if profile is None:
            profile = self._profiles[key] = _make_profile(self._job, settings, connection, facts, deployable)
        return profile

    def _number(self, settings: GuestProcessing) -> int:
        """Return a number that equal settings share: hashing them for every guest would take longer than the rest."""
        number = self._settings.get(id(settings))
        if number is None:
            number = self._distinct_settings.setdefault(settings, len(self._distinct_settings))
            self._settings[id(settings)] = number
        return number


def _known(settings: GuestProcessing, connection: Connection, assumed: GuestFacts) -> _Facts:
    """Return the facts that are assumed, and the one that the inventory settles: a hypervisor that it does not name."""
    if assumed is _NOTHING_ASSUMED:
        return () if connection.hypervisor else ((Fact.HYPERVISOR_OPEN, False),)
    facts = {ROUTE_FACTS[route]: is_open for route, is_open in assumed.routes.items()}
    if not connection.hypervisor:
        facts.setdefault(Fact.HYPERVISOR_OPEN, False)
    if assumed.certificates_valid is not None:
        facts[Fact.CERTIFICATES_VALID] = assumed.certificates_valid
    if assumed.installed is not None:
        facts[Fact.REQUIRED_INSTALLED] = set(settings.required_components) <= set(assumed.installed)
    return tuple(sorted(facts.items()))


def _make_profile(
    job: Job, settings: GuestProcessing, connection: Connection, facts: _Facts, deployable: bool
) -> _Profile:
    wanted = _wanted(settings)
    known = dict(facts)
    routes = tuple(
        route
        for route in _ROUTES_OF_TREE[wanted]
        if route in settings.routes
        and (route != "hypervisor" or connection.hypervisor or known.get(Fact.HYPERVISOR_OPEN))
    )
    decision: Decision | None = None
    if wanted != "none":
        decision = _decide(settings, known) if deployable else Decision("fails", None, (), reason=_NO_DEPLOYER)
    used = (decision.route,) if decision is not None and decision.route else routes
    return _Profile(
        wanted=wanted,
        method=decision.method if decision else None,
        route=decision.route if decision else None,
        routes=routes,
        trace=tuple(answer.as_dict() for answer in decision.trace) if decision else (),
        reason=decision.reason if decision else "the job disables application processing for the guest",
        phases=phases_of(job, settings, connection, decision, wanted, routes),
        ports=port_templates(connection, settings, used),
        on_failure=on_failure(job, settings),
    )


def _wanted(settings: GuestProcessing) -> str:
    if settings.application_processing == "disabled":
        return "none"
    if settings.method == "persistent_only":
        return "persistent"
    return "persistent" if settings.use_persistent_guest_agent and settings.method == "automatic" else "runtime"


def _decide(settings: GuestProcessing, known: dict[Fact, bool]) -> Decision:
    return decide(
        known,
        use_persistent_guest_agent=settings.use_persistent_guest_agent,
        method=settings.method,
        routes=settings.routes,
    )
