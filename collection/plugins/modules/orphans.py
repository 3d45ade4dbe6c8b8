#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: orphans
short_description: Find and remove sessions that nobody ended
version_added: 0.1.0
description:
  - Looks on the guest for sessions whose backup server crashed or forgot them, and where asked thaws and removes them.
  - An orphan is a session of O(owner) that is not in O(live), and any session whose helper is dead. With O(all_owners)
    it is every session that is not in O(live).
options:
  owner:
    description: Whose sessions are orphans. Either this or O(all_owners) must be given.
    type: dict
    suboptions:
      server:
        description: The host name of the backup server that deployed the components.
        type: str
      job:
        description: The name of the job. Without it, those of all jobs of the server are.
        type: str
  all_owners:
    description: Whether the sessions of all backup servers are orphans. They may be running.
    type: bool
    default: false
  live:
    description: The names of sessions that are running, and so are no orphans.
    type: list
    elements: str
    default: []
  remove:
    description: Whether orphans are thawed and removed. If not, they are only listed.
    type: bool
    default: false
  guest_reconnects:
    description: How often a broken connection is tried again.
    type: int
    default: 1
extends_documentation_fragment:
  - guestwright.components.phase.attributes
attributes:
  check_mode:
    description: Lists the orphans, and removes none.
    support: full
  diff_mode:
    description: The result lists what is removed.
    support: none
  idempotent:
    description: A second run finds nothing to remove.
    support: full
seealso:
  - module: guestwright.components.release
author:
  - guestwright contributors (@guestwright)
"""

EXAMPLES = r"""
- name: Remove what a crashed backup server left on the guests
  guestwright.components.orphans:
    owner:
      server: backup1
    live: [nightly-20260101]
    remove: true
  become: true
"""

RETURN = r"""
guestwright:
  description: The outcome of the search.
  returned: always
  type: dict
  sample:
    phase: orphans
    guest: web1
    outcome: removed
    sessions:
      - {session: nightly, owner: {server: backup1, job: nightly}, age: 5400, state: idle, removed: true}
    leftovers: []
    reconnects: 0
    seconds: 0.2
    changes: [remove /run/guestwright/nightly]
    warnings: []
    error: null
  contains:
    phase:
      description: The name of the phase, V(orphans).
      type: str
      returned: always
    guest:
      description: The inventory name of the guest.
      type: str
      returned: always
    outcome:
      description: V(clean) where there is no orphan, V(found), V(removed), or V(failed).
      type: str
      returned: always
    sessions:
      description:
        - All sessions on the guest, orphans or not, each with its C(owner), its C(age) in seconds, its C(state), and whether it was C(removed).
      type: list
      elements: dict
      returned: always
    leftovers:
      description: What was found on the guest after the removal, each with its C(kind) and C(path).
      type: list
      elements: dict
      returned: always
    reconnects:
      description: How often a broken connection was tried again.
      type: int
      returned: always
    seconds:
      description: How long the search took.
      type: float
      returned: always
    changes:
      description: What was removed, or in check mode would be.
      type: list
      elements: str
      returned: always
    warnings:
      description: Things to know.
      type: list
      elements: str
      returned: always
    error:
      description: A stable C(code) and a C(message) for people. Null where nothing went wrong.
      type: dict
      returned: always
"""
