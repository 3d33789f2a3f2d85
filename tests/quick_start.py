"""
`make quick-start`: how long a new user waits for the demo, and how much is installed.

It clones the last commit into a temporary folder and runs `make run` there without the caches of pip, uv and npm.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
LIMIT_SECONDS = 900
"""Time after which a demo that did not start has failed."""


def main() -> None:
    """Print the figures of a first `make run`."""
    with tempfile.TemporaryDirectory(prefix="quick-start-") as folder:
        clone, ready = Path(folder, "clone"), Path(folder, "ready.json")
        caches = {"PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1", "npm_config_cache": str(Path(folder, "npm"))}
        started = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)  # noqa: S603, S607
        process = subprocess.Popen(  # noqa: S603
            ["make", "run", f"DEMO=--port 0 --ready-file {ready}"],  # noqa: S607
            cwd=clone,
            env=os.environ | caches | {"MAKEFLAGS": ""},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while not ready.exists():
                if process.poll() is not None or time.monotonic() - started > LIMIT_SECONDS:
                    raise SystemExit("the demo did not start: try make run in a fresh clone")
                time.sleep(0.1)
            with urlopen(_health(ready)) as response:  # noqa: S310 - our own address
                response.read()
            seconds = time.monotonic() - started
            sizes = [_megabytes(clone / name) for name in (".venv", "graphiql/node_modules")]
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            process.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    load = f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
    print(f"seconds until the demo answers  {seconds:.0f} ({load})")
    print(f"seconds of CPU                  {used.ru_utime + used.ru_stime:.0f}")
    print(f"megabytes of .venv              {sizes[0]:.0f}")
    print(f"megabytes to build GraphiQL     {sizes[1]:.0f}")


def _health(ready: Path) -> str:
    """The address at which the demo says that it is ready."""
    return str(json.loads(ready.read_text())["graphql"]).removesuffix("/graphql") + "/health/ready"


def _megabytes(folder: Path) -> float:
    """The size of the folder's files; 0 if there is none."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


if __name__ == "__main__":
    main()
