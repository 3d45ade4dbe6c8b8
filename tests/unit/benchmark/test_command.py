from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "benchmark/bench.py"


def test_the_benchmark_fits_the_product_that_it_measures() -> None:
    done = subprocess.run([sys.executable, BENCH, "--help"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--publish" in done.stdout
