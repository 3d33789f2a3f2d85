"""`python -m tests.attacks`: runs the attacks, and prints a table and the bounds that they broke."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.attacks.measurement import Attack, Measurement, broken_bounds, goals_line, table_row
from tests.attacks.suite import ATTACKS, laboratory

QUIET_SECONDS = 16.0
"""The normal viewers have read about all students once after half of this time."""


def main() -> int:
    """Run the attacks; the exit status is 1 if one broke a bound."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="TEXT", help="attacks with one of these texts in their name; default: all"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each attack lasts (default: 10)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    parser.add_argument(
        "--beside",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="observe the others without an attack before each one, on a machine that other work keeps busy",
    )
    options = parser.parse_args()
    attacks = [
        attack for attack in ATTACKS if not options.names or any(text in attack.name for text in options.names)
    ]
    with tempfile.TemporaryDirectory() as folder, laboratory(Path(folder)) as running:
        running.observe_quiet(QUIET_SECONDS)
        print(table_row(None))
        results = []
        for attack in attacks:
            if options.beside:
                running.forget_quiet()
                running.observe_quiet(options.beside)
            results.append((attack, running.run([attack], options.seconds)))
            print(table_row(results[-1][1]), flush=True)
    if options.json:
        options.json.write_text(
            json.dumps([asdict(figures) for _, figures in results], indent=1), encoding="utf-8"
        )
    exit_status = _print_broken(results)
    print(goals_line([figures for _, figures in results]))
    return exit_status


def _print_broken(results: Sequence[tuple[Attack, Measurement]]) -> int:
    broken = [f"{attack.name}: {text}" for attack, figures in results for text in broken_bounds(figures, [attack])]
    print("\n".join(broken) or f"{len(results)} attacks, no bound broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
