#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Remove the runtime components and prove it
version_added: 0.1.0
description:
  - Thaws what is still frozen, removes the runtime components of a session, and looks for anything of theirs that is
    left. Processes, files, sockets, units, cron entries, users and firewall rules are looked for.
  - It works with a live helper, a dead one, a half deployment, and where there is nothing to remove.
  - Anything that is left fails the task with the code V(leftovers), and is listed.
extends_documentation_fragment:
  - guestwright.components.phase
  - guestwright.components.phase.attributes
attributes:
  check_mode:
    description: Says whether there is something to remove, and writes nothing on the guest.
    support: full
  diff_mode:
    description: Shows the folder of the session.
    support: full
  idempotent:
    description: A second run finds nothing to remove.
    support: full
seealso:
  - module: guestwright.components.prepare
  - module: guestwright.components.orphans
author:
  - guestwright contributors (@guestwright)
"""

EXAMPLES = r"""
- name: Remove the components and prove it
  guestwright.components.release:
    session: nightly
    settings: "{{ playbook_dir }}/profiles/web.json"
  become: true
"""

RETURN = r"""
guestwright:
  description: The outcome of the phase.
  returned: always
  type: dict
  sample:
    phase: release
    guest: web1
    outcome: released
    leftovers: []
    reconnects: 0
    seconds: 0.2
    changes: [remove /run/guestwright/nightly]
    warnings: []
    error: null
  contains:
    phase:
      description: The name of the phase, V(release).
      type: str
      returned: always
    guest:
      description: The inventory name of the guest.
      type: str
      returned: always
    outcome:
      description: V(released), or V(failed).
      type: str
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
      description: How long the phase took.
      type: float
      returned: always
    changes:
      description: What was done, or in check mode would be done.
      type: list
      elements: str
      returned: always
    warnings:
      description: What was found that should not have been, such as a file system that was still frozen.
      type: list
      elements: str
      returned: always
    error:
      description: A stable C(code) and a C(message) for people. Null where nothing went wrong.
      type: dict
      returned: always
"""
