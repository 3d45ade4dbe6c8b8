#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prepare
short_description: Prepare a guest for its backup
version_added: 0.1.0
description:
  - Decides by which method and over which route the guest is processed, and deploys the runtime components where that
    is the method. Probing, deciding and deploying take one round trip.
  - The decision is the one that C(guestwright plan) shows. Where a required persistent component is on the guest
    already, nothing is deployed.
  - This version deploys runtime components on Linux guests over the connection that the inventory names.
options:
  tombstone:
    description:
      - The path of a file on the controller. Where it exists, the run was cleaned up in the meantime, and nothing is
        deployed. A relative path is taken from the folder of the playbook.
    type: path
extends_documentation_fragment:
  - guestwright.components.phase
  - guestwright.components.phase.attributes
attributes:
  check_mode:
    description: Says what would be deployed, and writes nothing on the guest.
    support: full
  diff_mode:
    description: Shows the place of the components.
    support: full
  idempotent:
    description: A second run changes nothing; it renews the time to live.
    support: full
seealso:
  - module: guestwright.components.session
  - module: guestwright.components.release
author:
  - guestwright contributors (@guestwright)
"""

EXAMPLES = r"""
- name: Deploy the runtime components
  guestwright.components.prepare:
    session: nightly
    settings:
      job: nightly
      guest_processing:
        application_processing: require_success
        applications:
          filesystems: [/srv]
  become: true
"""

RETURN = r"""
guestwright:
  description: The outcome of the phase.
  returned: always
  type: dict
  sample:
    phase: prepare
    guest: web1
    outcome: prepared
    method: runtime
    route: admin
    trace:
      - {question: "admin route open?", answer: "yes"}
      - {question: "required persistent component installed?", answer: "no"}
    reconnects: 0
    seconds: 0.31
    changes: [deploy the runtime components as /run/guestwright/nightly/guestwright.pyz]
    warnings: []
    error: null
  contains:
    phase:
      description: The name of the phase, V(prepare).
      type: str
      returned: always
    guest:
      description: The inventory name of the guest.
      type: str
      returned: always
    outcome:
      description: V(prepared), V(failed), or V(skipped) where application processing is disabled.
      type: str
      returned: always
    method:
      description: V(runtime), V(persistent) or V(fails). Null where application processing is disabled.
      type: str
      returned: always
    route:
      description: V(admin), V(installer_service) or V(hypervisor). Null where the method fails.
      type: str
      returned: always
    trace:
      description: The questions that led to the method, with their answers, and why an answer is no.
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
      description: What went well enough, but not as it should. In check mode also what a freeze would refuse.
      type: list
      elements: str
      returned: always
    error:
      description: A stable C(code) and a C(message) for people. Null where nothing went wrong.
      type: dict
      returned: always
"""
