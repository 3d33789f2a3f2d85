"""`student-graph warm`: fill the shared cache of a fleet with what the pages of its districts will ask for."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.districts import environ_of
from student_graph.gateway.cli.parser import INTERRUPTED_EXIT_STATUS, Commands, count, printable
from student_graph.gateway.cli.serving.fixed import fleet_arguments
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.districts import connect_districts
from student_graph.gateway.server.warming import warm_districts
from student_graph.gateway.warm.plan import WarmPlan
from student_graph.gateway.warm.warm_up import WarmProgress


def add_command(commands: Commands) -> None:
    """Add `warm` to the command line."""
    command = commands.add_parser(
        "warm",
        description="Read what the pages of a district will ask for into the Redis that the gateways share, one "
        "school after the other. Requests of people go first. It can be interrupted: what was read stays.",
    )
    command.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings file (TOML)")
    command.add_argument(
        "--env-file", type=Path, metavar="FILE", help="file with environment variables, one NAME=value a line"
    )
    command.add_argument("--district", metavar="ID", help="only this district (default: all)")
    command.add_argument("--json", action="store_true", help="print a line of JSON for each part of a school")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Warm the districts of a settings file, and print a line for each part of a school.

    Returns 1 if some keys have no answer, because a source failed.

    Raises:
        SettingsError: a setting is wrong, there is no such district, or the settings name no Redis.
    """
    path: Path = options.config
    environ = environ_of(options)
    settings = settings_file.load(path, environ)
    plans = {
        DistrictId(config.id): config.warm.plan if config.warm is not None else WarmPlan()
        for config in settings.districts
        if options.district in (None, config.id)
    }
    if not plans:
        known = ", ".join(config.id for config in settings.districts)
        raise SettingsError(f"--district: {path} has no district {options.district!r}; it has {known}")
    if settings.cache.redis is None:
        raise SettingsError(
            f"{path}: cache.redis is missing: without it, gateways share no cache that this command could fill; "
            "set times in [districts.warm], and each gateway warms itself"
        )
    districts = connect_districts(settings, path, environ)
    shared = fleet_arguments(settings, path, districts, environ)
    print_step = _print_json if options.json else _print_text
    work = _warm(print_step, districts=districts, limits=settings.cache.limits, plans=plans, **shared)
    try:
        failed = asyncio.run(work)
    except KeyboardInterrupt:
        print("interrupted; what was read stays cached", file=sys.stderr)
        return INTERRUPTED_EXIT_STATUS
    if failed:
        keys = count(failed, "key", "keys")
        print(f"{keys} without an answer: run student-graph check, then this command again", file=sys.stderr)
    return 1 if failed else 0


async def _warm(
    print_step: Callable[[WarmProgress], None], plans: Mapping[DistrictId, WarmPlan], **arguments: Any
) -> int:
    """Print the progress, and return how many keys have no answer."""
    failed = 0
    async with aclosing(warm_districts(plans=plans, **arguments)) as steps:  # type: ignore[type-var]
        async for step in steps:
            failed += step.failed
            print_step(step)
    return failed


def _print_text(step: WarmProgress) -> None:
    missing = f", {step.failed} without an answer" if step.failed else ""
    print(
        f"{step.district}: school {printable(step.school)}: {step.part.value}: "
        f"{count(step.keys, 'key', 'keys')}, {count(step.calls, 'call', 'calls')}, "
        f"{step.seconds:.1f} s{missing}",
        flush=True,
    )


def _print_json(step: WarmProgress) -> None:
    print(json.dumps(asdict(step)), flush=True)
