"""`student-graph webhook send`: reports a change to a running gateway as a vendor does, to try a webhook."""

from __future__ import annotations

import argparse
import os
import time

import httpx
import msgspec

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Commands, add_url_option
from student_graph.gateway.web.routes.webhooks import signature


class Change(msgspec.Struct, omit_defaults=True):
    """The body of a call."""

    records: list[str] = []
    students: list[str] = []


def add_command(commands: Commands) -> None:
    """Add `webhook` to the command line."""
    command = commands.add_parser("webhook")
    actions = command.add_commands()
    send = actions.add_parser(
        "send",
        help="report a change, signed with the source's key",
        description="Send one signed call, as docs/webhooks.md describes it for vendors. Without --records and "
        "--student, it reports that anything of the source may have changed.",
    )
    add_url_option(send)
    send.add_argument("--source", required=True, metavar="DISTRICT/NAME", help="the source, such as hill/sis")
    send.add_argument(
        "--key-env", required=True, metavar="NAME", help="environment variable that holds the source's key"
    )
    send.add_argument(
        "--records", action="append", default=[], metavar="TYPE",
        help="only records of this type, such as AttendanceEvent; can be repeated",
    )  # fmt: skip
    send.add_argument(
        "--student", action="append", default=[], metavar="NUMBER",
        help="only data about this student, by the source's number; can be repeated",
    )  # fmt: skip
    send.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Send one call, and print that the gateway took it.

    Raises:
        SettingsError: the gateway does not answer, or refuses the signature or the body.
    """
    key = os.environ.get(options.key_env, "")
    if not key:
        raise SettingsError(f"--key-env: the environment variable {options.key_env} is not set")
    body = msgspec.json.encode(Change(options.records, options.student))
    timestamp = str(int(time.time()))
    headers = {
        "X-Student-Graph-Timestamp": timestamp,
        "X-Student-Graph-Signature": signature(key.encode(), timestamp, body),
    }
    address = f"{options.url.rstrip('/')}/hooks/{options.source}"
    try:
        response = httpx.post(address, content=body, headers=headers, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL):
        raise SettingsError(f"--url: no gateway answers at {options.url}") from None
    if response.status_code != 204:
        raise SettingsError(f"the gateway refused the call ({response.status_code}): {_reason(response)}")
    print(f"{options.source}: the gateway accepted the call, and will read the changed records again")
    return 0


def _reason(response: httpx.Response) -> str:
    """Why the gateway refused, as far as it says."""
    try:
        return str(response.json()["error"])
    except (ValueError, LookupError, TypeError):
        return "it gives no reason"
