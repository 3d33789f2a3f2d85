"""`student-graph demo`: made-up districts, their vendors and the gateway on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from student_graph.gateway.cli.parser import Commands
from student_graph.gateway.demo.run import run


def add_command(commands: Commands) -> None:
    """Add `demo` to the command line."""
    command = commands.add_parser(
        "demo",
        help="made-up districts, their vendors and the gateway, on this machine",
        description="Start a sandbox for each vendor and the gateway over them, on loopback addresses only. "
        "Prints where to look and what to ask first. Everybody in it is fictional.",
    )
    district = command.add_mutually_exclusive_group()
    district.add_argument("--students", type=int, default=1000, metavar="N", help="size of the district (1000)")
    district.add_argument(
        "--records", type=Path, metavar="DIR", help="serve the records of a folder instead, by Ed-Fi"
    )
    told = "what kind of district: one on Ed-Fi, one on OneRoster, or both on one gateway (edfi)"
    command.add_argument("--district", choices=("edfi", "oneroster", "both"), default="edfi", help=told)
    command.add_argument("--seed", type=int, default=1, metavar="N", help="another seed, another district (1)")
    told = "milliseconds that each vendor takes to answer (0)"
    command.add_argument("--latency", type=_milliseconds, default=0.0, metavar="MS", help=told)
    told = "port of the gateway; 0 takes a free one (8000)"
    command.add_argument("--port", type=_port, default=8000, metavar="P", help=told)
    told = "write addresses and tokens there, as JSON for its owner alone, once all answer"
    command.add_argument("--ready-file", type=Path, metavar="FILE", help=told)
    command.set_defaults(run=run)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _milliseconds(text: str) -> float:
    if not text.isdecimal() or int(text) > 60_000:
        raise argparse.ArgumentTypeError("a latency is a number of milliseconds from 0 to 60000")
    return float(text)
