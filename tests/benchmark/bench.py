"""`make bench`: measures guestwright against other ways to the same end state (docs/reference/benchmark.md)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmark.main import main

if __name__ == "__main__":
    sys.exit(main())
