"""A new process, so that its memory is that of one index: prints the figures of a folder as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from benchmarks.files import figures_of

print(json.dumps(asyncio.run(figures_of(sys.argv[1]))), flush=True)
os._exit(0)  # pyarrow's threads need not be waited for
