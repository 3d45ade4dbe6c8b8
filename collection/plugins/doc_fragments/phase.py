# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation that the modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """What the documentation of the modules has in common."""

    DOCUMENTATION = r"""
options:
  session:
    description:
      - Names the session on the guest. Every phase of a session takes the same name, and sessions that run at the
        same time need different ones.
      - It starts with a lower case letter or a digit, followed by at most 62 of these, C(.), C(_) or C(-).
    type: str
    required: true
  settings:
    description:
      - How the guest is processed. Either the path of a JSON file on the controller, which is read as it is and never
        templated, or a mapping of the same shape. A relative path is taken from the folder of the playbook.
      - Where the path is a folder, the file in it is the one that the host variable C(guestwright_profile) names
        (with C(.json) added), C(default.json) where there is no such variable.
      - All keys are optional. C(job) names the job. C(guest_processing) holds C(application_processing), C(routes),
        C(method), C(use_persistent_guest_agent), C(freeze_timeout), C(scripts) (C(mode), C(pre_freeze), C(post_thaw),
        C(timeout)) and C(applications) (C(filesystems)). C(required_components) lists V(guest_helper) and, where logs
        are shipped, V(log_shipping). C(components) holds C(time_to_live), and C(network) holds C(guest_reconnects).
      - Durations are whole seconds, and a script is a list of arguments.
    type: raw
    required: true
"""

    ATTRIBUTES = r"""
attributes:
  action:
    description: Has an action plugin, which runs on the controller.
    support: full
  platform:
    description: The guests on which it works.
    platforms: linux
    support: full
notes:
  - It needs root on the guest, by login or with C(become) through sudo. Another become method, and a sudo that wants
    a terminal (C(requiretty)), are refused.
  - The guest needs Python 3.8 or newer and nothing else. C(ansible_python_interpreter) is honoured where it is a path.
  - The task's C(environment) has no effect on the guest.
  - A lost link never makes a host unreachable. The task fails, with the reason in C(guestwright.error).
  - A broken connection is tried again as often as C(network.guest_reconnects) says, once by default. The request runs
    at most once on the guest all the same.
"""
