# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `python3 guestwright.pyz` runs: it stands at the top of the zipapp, outside the package.

The first statements are valid for every Python, so that one that is too old is told apart (exit code 97).
"""

import sys

if __name__ == "__main__":
    if sys.version_info < (3, 8):
        raise SystemExit(97)
    from guestwright_components import entry  # type: ignore[import-not-found]

    raise SystemExit(entry.deployed(sys.argv))
