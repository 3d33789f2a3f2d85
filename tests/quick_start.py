"""
`make quick-start`: how long a new user waits for the demo and for its dashboard, and how much is installed.

It clones the last commit into a temporary folder and runs `make run` there without the caches of pip, uv and npm,
first as it is and then with the dashboard, which Chromium shows. With `--write` the table is put into the README.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
LIMIT_SECONDS = 900
"""Time after which a demo that did not start has failed."""
PART_OF_README = re.compile(r"(<!-- written by: make quick-start WRITE=1 -->\n).*?(?=<!-- end -->)", re.DOTALL)
CHROMIUM = shutil.which("chromium")
RENDERED = "Chronically absent"
"""Text of the superintendent's first page that is only there when the gateway has answered."""


@dataclass(frozen=True)
class Row:
    """One way from a clone to something to look at."""

    command: str
    until: str
    seconds: float
    cpu_seconds: float
    load: float
    megabytes: dict[str, float]

    def as_markdown(self) -> str:
        """A row of the table."""
        sizes = ", ".join(f"{size:.0f} {name}" for name, size in self.megabytes.items())
        figures = f"{self.seconds:.0f} | {self.cpu_seconds:.0f} | {self.load:.0f}"
        return f"| `{self.command}`, until {self.until} | {figures} | {sizes} |"


def main() -> None:
    """Print the figures of a first `make run`, with and without the dashboard."""
    rows = [measure("make run", "the demo answers", "")]
    if CHROMIUM is not None:
        rows.append(measure("make run DEMO=--dashboard", "Chromium shows the dashboard", "--dashboard"))
    table = "\n".join(
        [
            f"| on {os.cpu_count()} cores | seconds | of CPU | load | megabytes installed |",
            "|---|--:|--:|--:|---|",
            *(row.as_markdown() for row in rows),
        ]
    )
    print(table)
    if "--write" in sys.argv:
        readme = ROOT / "README.md"
        readme.write_text(PART_OF_README.sub(lambda match: f"{match[1]}\n{table}\n\n", readme.read_text()))


def measure(command: str, until: str, options: str) -> Row:
    """Clone, run the demo with options, and wait until there is something to look at."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory(prefix="quick-start-") as folder:
        started = time.monotonic()
        with running_demo(Path(folder), options) as ready:
            if options:
                show(ready["dashboard"])
            seconds = time.monotonic() - started
            load = os.getloadavg()[0]
        clone = Path(folder, "clone")
        folders = {"for Python": ".venv", "to build GraphiQL": "graphiql/node_modules"}
        if options:
            folders["to build the dashboard"] = "examples/dashboard/node_modules"
        megabytes = {name: _megabytes(clone / path) for name, path in folders.items()}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return Row(command, until, seconds, cpu_seconds, load, megabytes)


@contextmanager
def running_demo(folder: Path, options: str) -> Iterator[dict[str, Any]]:
    """Clone and start the demo; yield its ready file when it answers, and stop it in the end."""
    clone, ready = folder / "clone", folder / "ready.json"
    caches = {"PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1", "npm_config_cache": str(folder / "npm")}
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)  # noqa: S603, S607
    process = subprocess.Popen(  # noqa: S603
        ["make", "run", f"DEMO=--port 0 --ready-file {ready} {options}"],  # noqa: S607
        cwd=clone,
        env=os.environ | caches | {"MAKEFLAGS": ""},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        limit = time.monotonic() + LIMIT_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > limit:
                raise SystemExit("the demo did not start: try make run in a fresh clone")
            time.sleep(0.1)
        content = json.loads(ready.read_text())
        with urlopen(content["graphql"].removesuffix("/graphql") + "/health/ready") as response:  # noqa: S310
            response.read()
        yield content
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait()


def show(address: str) -> None:
    """Open a page in Chromium until it has what the gateway answered."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"]
    page = subprocess.run(  # noqa: S603
        [str(CHROMIUM), *options, address], capture_output=True, text=True, timeout=LIMIT_SECONDS, check=True
    )
    if RENDERED not in page.stdout:
        raise SystemExit("the dashboard did not show its first page")


def _megabytes(folder: Path) -> float:
    """The size of the folder's files; 0 if there is none."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


if __name__ == "__main__":
    main()
