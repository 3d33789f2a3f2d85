"""`student-graph health`: whether a running gateway accepts requests, for containers without curl."""

from __future__ import annotations

import argparse
import http.client
import json
import sys
from urllib.parse import urlsplit

from student_graph.gateway.cli.parser import Commands, add_url_option, printable

MAX_RESPONSE_BYTES = 64 * 1024


def add_command(commands: Commands) -> None:
    """Add `health` to the command line."""
    command = commands.add_parser(
        "health",
        description="Ask a running gateway whether it accepts requests, and print its answer. The exit status is "
        "0 if it does, and 1 if it does not or nobody answers.",
    )
    add_url_option(command)
    command.add_argument(
        "--live", action="store_true", help="ask only whether the process runs, also while it starts or stops"
    )
    command.add_argument(
        "--timeout", type=float, default=2.0, metavar="SECONDS", help="how long to wait (default: 2)"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the status of a running gateway on standard output, or on standard error why there is none."""
    path = "/health/live" if options.live else "/health/ready"
    try:
        code, status = _status(options.url, path, options.timeout)
    except (OSError, http.client.HTTPException, ValueError):
        print(f"no gateway answers at {printable(options.url)}", file=sys.stderr)
        return 1
    accepted = code == 200
    print(json.dumps({"status": status, "healthy": accepted}) if options.json else printable(status))
    return 0 if accepted else 1


def _status(url: str, path: str, timeout: float) -> tuple[int, str]:
    """
    The HTTP status of a health check, and the word in its body.

    Without httpx, whose import would take longer than the request: containers run this every few seconds.

    Raises:
        OSError, HTTPException, ValueError: nobody answers, or it is no gateway.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.hostname is None:
        raise ValueError("an address such as http://127.0.0.1:8000")
    connection_class = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connection_class(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path.rstrip("/") + path)
        response = connection.getresponse()
        content = json.loads(response.read(MAX_RESPONSE_BYTES))
    finally:
        connection.close()
    if not isinstance(content, dict) or "status" not in content:
        raise ValueError("no answer of a gateway")
    return response.status, str(content["status"])
