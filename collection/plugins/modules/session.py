#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: session
short_description: Freeze, take a snapshot, thaw and back up
version_added: 0.1.0
description:
  - Runs the pre-freeze scripts, freezes the file systems of the guest, runs the snapshot command on the controller,
    thaws, and runs the backup command on the controller.
  - The guest thaws whatever fails. If the controller is lost, the guest thaws by itself when C(freeze_timeout) ends.
  - With O(guests) it does so for a group of guests as one. All are frozen in order, one snapshot is taken, all are
    thawed in reverse order, and one backup is made.
  - The reached consistency is V(application) only where something was quiesced, without a failed script, and held until
    the thaw, otherwise V(crash). Where the settings name neither file systems nor scripts, nothing is quiesced.
options:
  prepared:
    description:
      - Whether the guest was prepared. If not, and its failures are ignored, the snapshot and the backup are made
        without guest processing.
      - A host variable C(guestwright_prepared) of the guest comes first.
    type: bool
    default: true
  guests:
    description:
      - The inventory names of a group of guests that are processed as one. Use it with C(run_once).
      - Where O(settings) is a folder, each guest has the settings of its own profile in it.
    type: list
    elements: str
  snapshot:
    description: The command that takes the snapshot, between freeze and thaw.
    type: dict
    suboptions: &command
      command:
        description:
          - A list of arguments, or a text that is split like a shell would. No shell runs it.
          - Its environment is small, and has C(GUESTWRIGHT_JOB), C(GUESTWRIGHT_RUN_ID), C(GUESTWRIGHT_CONSISTENCY) (so
            far), and C(GUESTWRIGHT_GUEST) and C(GUESTWRIGHT_ADDRESS), or for a group C(GUESTWRIGHT_GUESTS) and
            C(GUESTWRIGHT_ADDRESSES), separated by spaces.
        type: raw
        required: true
      timeout:
        description: Seconds after which the command and all processes of its process group are ended.
        type: int
        required: true
  backup:
    description: The command that makes the backup, after the thaw.
    type: dict
    suboptions: *command
extends_documentation_fragment:
  - guestwright.components.phase
  - guestwright.components.phase.attributes
attributes:
  check_mode:
    description: Says what would be done, without contact to a guest and without running a command.
    support: full
  diff_mode:
    description: Nothing on a guest is different afterwards.
    support: none
  idempotent:
    description: Every run makes a snapshot and a backup.
    support: none
seealso:
  - module: guestwright.components.prepare
  - module: guestwright.components.release
author:
  - guestwright contributors (@guestwright)
"""

EXAMPLES = r"""
- name: Freeze, take the snapshot, thaw and back up
  guestwright.components.session:
    session: nightly
    settings: "{{ playbook_dir }}/profiles/web.json"
    snapshot:
      command: [take-snapshot, --vm, "{{ vm_identifier }}"]
      timeout: 30
    backup:
      command: [back-up, --vm, "{{ vm_identifier }}"]
      timeout: 14400
  become: true
  throttle: 8

- name: Take one snapshot of all guests together
  guestwright.components.session:
    session: nightly
    settings:
      guest_processing:
        applications:
          filesystems: [/srv]
    guests: "{{ ansible_play_hosts }}"
    snapshot:
      command: take-group-snapshot --name nightly
      timeout: 30
  become: true
  run_once: true
"""

RETURN = r"""
guestwright:
  description: The outcome of the phase. For a group it holds C(phase) and C(guests), with one outcome for each guest.
  returned: always
  type: dict
  sample:
    phase: session
    guest: web1
    outcome: done
    consistency: application
    freeze: {file_systems: [/srv], seconds: 0.42, held: true}
    seconds: {freeze: 0.11, snapshot: 0.3, thaw: 0.09, backup: 12.5}
    reconnects: 0
    changes: [freeze and thaw /srv, run the snapshot command, run the backup command]
    warnings: []
    error: null
  contains:
    phase:
      description: The name of the phase, V(session).
      type: str
      returned: always
    guest:
      description: The inventory name of the guest.
      type: str
      returned: for a single guest
    guests:
      description: The outcome of each guest by its name.
      type: dict
      returned: for a group
    outcome:
      description: V(done), or V(failed).
      type: str
      returned: for a single guest
    consistency:
      description: V(application), V(crash), or V(none) where no snapshot was taken.
      type: str
      returned: for a single guest
    freeze:
      description:
        - How long the C(file_systems) stood still (C(seconds), by the guest's clock), and whether the freeze C(held)
          until the thaw. Null where none was frozen.
      type: dict
      returned: for a single guest
    seconds:
      description: How long C(freeze), C(snapshot), C(thaw) and C(backup) took, as far as they ran.
      type: dict
      returned: for a single guest
    reconnects:
      description: How often a broken connection was tried again.
      type: int
      returned: for a single guest
    changes:
      description: What was done, or in check mode would be done.
      type: list
      elements: str
      returned: for a single guest
    warnings:
      description: Why the consistency is lower than wanted, and other things to know.
      type: list
      elements: str
      returned: for a single guest
    error:
      description: A stable C(code) and a C(message) for people. Null where nothing went wrong.
      type: dict
      returned: for a single guest
"""
