"""A program that runs commands where it was started itself, such as on a lab's backup server, and times them.

One JSON request per line on standard input: `{argv, environment, folder, output, groups}`; one JSON answer per line:
`{code, seconds}`. The command joins the control groups before it is executed, so that all it starts is in them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 126; shift; done; shift; exec "$@"'


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run one command to its end."""
    argv = ["/bin/sh", "-c", _JOIN, "sh", *request["groups"], "--", *request["argv"]]
    environment = {**os.environ, **request["environment"]}
    path = Path(request["output"])
    with path.open("wb") as output, path.with_suffix(".err").open("wb") as errors:
        started = time.monotonic()
        code = subprocess.call(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=environment,
            cwd=request["folder"],
        )
        return {"code": code, "seconds": time.monotonic() - started}


def main() -> int:
    """Answer requests until standard input ends."""
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
