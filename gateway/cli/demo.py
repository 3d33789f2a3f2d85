"""`student-graph demo`: starts made-up districts, sandboxes of their vendors and the gateway on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from student_graph.gateway.cli.parser import Commands
from student_graph.gateway.demo.run import run


def add_command(commands: Commands) -> None:
    """Add `demo` to the command line."""
    command = commands.add_parser(
        "demo",
        description="Start a sandbox for each vendor, and the gateway that reads from them, on loopback addresses "
        "only. Prints the addresses and a first query. All people in it are fictional.",
    )
    district = command.add_mutually_exclusive_group()
    district.add_argument(
        "--students", type=int, default=1000, metavar="N", help="number of students (default: 1000)"
    )
    district.add_argument(
        "--records", type=Path, metavar="DIR", help="serve the Ed-Fi records in this folder instead"
    )
    command.add_argument(
        "--district",
        choices=("edfi", "oneroster", "both", "classroom", "moodle", "files", "powerschool", "aeries"),
        default="edfi",
        help="systems of the made-up district (default: edfi). edfi: Ed-Fi and Canvas; oneroster: OneRoster and "
        "Canvas; both: these two districts; classroom: Ed-Fi and Google Classroom; moodle: Ed-Fi and Moodle; "
        "files: a roster in files and Canvas; powerschool: PowerSchool and Google Classroom; aeries: Aeries and "
        "Schoology",
    )
    command.add_argument(
        "--data-standard",
        choices=("3.3", "4.0", "5.0", "5.1", "6.0"),
        default="5.1",
        help="Ed-Fi Data Standard of the district on Ed-Fi (default: 5.1)",
    )
    command.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="N",
        help="seed of the made-up data (default: 1)",
    )
    command.add_argument(
        "--latency",
        type=_milliseconds,
        default=0.0,
        metavar="MS",
        help="milliseconds that each vendor takes to respond (default: 0)",
    )
    command.add_argument(
        "--port",
        type=_port,
        default=8000,
        metavar="P",
        help="port of the gateway; 0 picks one (default: 8000)",
    )
    command.add_argument(
        "--dashboard",
        action="store_true",
        help="also serve the example dashboard, and end with the link to it",
    )
    command.add_argument(
        "--federation",
        action="store_true",
        help="also serve the graph as a subgraph of a supergraph (Apollo Federation 2)",
    )
    command.add_argument(
        "--assistants",
        action="store_true",
        help="also offer documents as tools for assistants over MCP, and print how to connect",
    )
    command.add_argument(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="when everything is ready, write addresses and tokens to this JSON file; only its owner can read it",
    )
    command.set_defaults(run=run)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("must be a number from 0 to 65535")
    return int(text)


def _milliseconds(text: str) -> float:
    if not text.isdecimal() or int(text) > 60_000:
        raise argparse.ArgumentTypeError("must be a number of milliseconds from 0 to 60000")
    return float(text)
