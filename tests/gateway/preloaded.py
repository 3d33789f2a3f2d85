"""
What nearly every forked process would do first, done once by the process that they are forked from.

Only that process imports this module. A schema takes as long to build as a small district, and a search for
garbage among all that was imported takes longer than both.
"""

from __future__ import annotations

import gc

from student_graph.gateway.cli.main import complete_parser
from student_graph.gateway.execution.executor import EncodingExecutor
from student_graph.resolvers.schema import make_schema

complete_parser()  # imports the modules of all commands
for defer in (False, True):
    make_schema(EncodingExecutor, defer=defer)
gc.collect()
gc.freeze()
