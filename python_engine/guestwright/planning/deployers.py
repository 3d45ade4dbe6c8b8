"""Who deploys to a guest: a guest interaction proxy or the backup server (domain.md sections 4 and 9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from guestwright.jobs.model import GuestInteractionProxies
from guestwright.planning.guests import BACKUP_SERVER, PROXY_GROUP, require_known
from guestwright.planning.model import Assumptions, Candidate, Inventory, OperatingSystem
from guestwright.planning.variables import Address, Network, ip_addresses, networks_of

_LAST_RESORT = Candidate(BACKUP_SERVER, "the last resort: it deploys where no proxy can")
_ITSELF = (Candidate(BACKUP_SERVER, "guests that do not run Windows are served by the backup server itself"),)


@dataclass(frozen=True, slots=True)
class _Proxy:
    name: str
    networks: tuple[Network, ...]
    listed: bool
    link_up: bool


@dataclass
class Deployers:
    """Ranks the deployers of one guest after the other, and counts the guests that each proxy was given.

    It is the one thing in planning that remembers: each guest's choice adds to the load that the next one sees.
    """

    selection: GuestInteractionProxies
    proxies: tuple[_Proxy, ...]
    running_tasks: dict[str, int] = field(default_factory=dict)

    def choose(self, os: OperatingSystem, addresses: tuple[str, ...]) -> tuple[str | None, tuple[Candidate, ...]]:
        """Return the deployer of a guest, None where the job allows none, and every candidate in its order.

        Windows guests: proxies in the job's list first where it prefers one, then those in a network of the guest,
        then those with the fewest running tasks, then by name; the backup server last, where the job falls back to it.
        Other guests: the backup server.
        """
        if os != "windows":
            return BACKUP_SERVER, _ITSELF
        found = ip_addresses(addresses) if self.proxies else ()
        tasks = self.running_tasks
        ranked = sorted(
            (not proxy.link_up, not proxy.listed, network is None, tasks[proxy.name], proxy.name, proxy, network)
            for proxy, network in ((proxy, _shared_network(proxy.networks, found)) for proxy in self.proxies)
        )
        candidates = [_candidate(row[5], row[3], row[6], self.selection.selection) for row in ranked]
        if self.selection.fall_back_to_backup_server:
            usable = sum(candidate.usable for candidate in candidates)
            candidates.insert(usable, _LAST_RESORT)
        if not candidates or not candidates[0].usable:
            return None, tuple(candidates)
        deployer = candidates[0].name
        if deployer != BACKUP_SERVER:
            tasks[deployer] += 1
        return deployer, tuple(candidates)


def deployers_of(selection: GuestInteractionProxies, inventory: Inventory, assumptions: Assumptions) -> Deployers:
    """Return what is known of the proxies of a job.

    Raises:
        InventoryError: a proxy of the job's list or of the assumptions is not in the inventory, or a network of a
            proxy is none.
    """
    names = inventory.group(PROXY_GROUP)
    require_known(selection.servers, names, "proxy", "guest_interaction_proxies.servers")
    require_known(assumptions.proxies, names, "proxy", "--assume")
    proxies = []
    running_tasks = {}
    for name in names:
        if selection.selection == "only" and name not in selection.servers:
            continue
        facts = assumptions.proxies.get(name)
        proxies.append(
            _Proxy(
                name,
                networks_of(inventory.hosts[name]),
                listed=selection.selection == "prefer" and name in selection.servers,
                link_up=facts is None or facts.link_up is not False,
            )
        )
        running_tasks[name] = (facts.running_tasks if facts else None) or 0
    return Deployers(selection, tuple(proxies), running_tasks)


def _shared_network(networks: tuple[Network, ...], addresses: tuple[Address, ...]) -> Network | None:
    for network in networks:
        for address in addresses:
            if address in network:
                return network
    return None


@lru_cache(maxsize=4096)
def _candidate(proxy: _Proxy, tasks: int, network: Network | None, selection: str) -> Candidate:
    reasons = []
    if not proxy.link_up:
        reasons.append("not usable: its link is down")
    if proxy.listed:
        reasons.append("preferred by the job")
    elif selection == "only":
        reasons.append("in the job's list")
    if network:
        reasons.append(f"in the guest's network {network}")
    else:
        reasons.append("not known to be in a network of the guest")
    reasons.append(f"{tasks} {'task' if tasks == 1 else 'tasks'} running or planned")
    return Candidate(proxy.name, ", ".join(reasons), usable=proxy.link_up)
