"""
Long property and differential runs: a sample in `make test`, all of it in `.ci/run`.

A test marked `long_run` takes its size from `size`: the full one if `STUDENT_GRAPH_LONG_RUNS` is set. All draw
the same examples in each run, unless `STUDENT_GRAPH_RANDOM` is set. Tests that need a build or many pages of a
browser are left to the long run: `__test__ = LONG_RUNS` in their module or class.
"""

from __future__ import annotations

import os

LONG_RUNS = bool(os.environ.get("STUDENT_GRAPH_LONG_RUNS"))
"""Whether long runs are run in full."""
RANDOM = bool(os.environ.get("STUDENT_GRAPH_RANDOM"))
"""Whether property tests draw other examples in each run. Otherwise a run says the same about the same code."""


def size(sample: int, full: int) -> int:
    """How many cases a long run takes: a sample that ends within seconds, or all."""
    return full if LONG_RUNS else sample
