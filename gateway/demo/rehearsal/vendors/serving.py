"""
The vendors of some districts, in a process of their own.

`python -m student_graph.gateway.demo.rehearsal.vendors.serving` reads plans of districts as one line of JSON,
builds them, prints their descriptions as one line of JSON, and serves their sandboxes until its input ends.
"""

from __future__ import annotations

import contextlib
import gc
import json
import sys
from pathlib import Path
from typing import Any

from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.rehearsal.vendors.certificates import serve_tls
from student_graph.gateway.demo.rehearsal.vendors.district import attendance_taker, build_district
from student_graph.gateway.demo.rehearsal.vendors.front import VendorFront
from student_graph.gateway.demo.rehearsal.vendors.plan import DistrictPlan

FOLDER_KINDS = frozenset({"files", "oneroster_files"})
"""Kinds of sources that are folders and no servers."""


def main() -> None:
    """Serve the districts whose plans come over standard input."""
    request = json.loads(sys.stdin.readline())
    certificates = Path(request["certificates"])
    gc.disable()  # nothing is garbage before all districts are built
    districts = [build_district(DistrictPlan.from_json(plan)) for plan in request["plans"]]
    gc.freeze()
    gc.callbacks.append(_leave_out_of_collections)
    gc.enable()
    with contextlib.ExitStack() as stack:
        fronts: dict[tuple[str, str], VendorFront] = {}
        for district in districts:
            for name, sandbox in district.demo.sandboxes.items():
                if sandbox.kind not in FOLDER_KINDS:
                    is_edfi = sandbox.kind == "edfi"
                    change = attendance_taker(district.demo.facts, sandbox) if is_edfi else None
                    fronts[district.plan.id, name] = VendorFront(sandbox, change)
        stack.enter_context(served(*fronts.values()))
        for district in districts:
            for number, name in enumerate(district.demo.sandboxes):
                if (front := fronts.get((district.plan.id, name))) is None:
                    continue
                front.inner.url = front.url
                if district.plan.uses_tls and number == 0:
                    assert front.loop is not None
                    front.inner.url = stack.enter_context(serve_tls(front.loop, front.url, certificates))
        controls: dict[str, dict[str, Any]] = {district.plan.id: {} for district in districts}
        for (district_id, name), front in fronts.items():
            controls[district_id][name] = front.url
        descriptions = [
            {**district.description(), "controls": controls[district.plan.id]} for district in districts
        ]
        print(json.dumps(descriptions), flush=True)
        sys.stdin.read()


def _leave_out_of_collections(phase: str, details: dict[str, int]) -> None:
    """
    Look at each object once: leave out of later collections what is there after a full one.

    A full collection of the facts of 100,000 students takes four seconds. Requests do not wait so long.
    """
    if phase == "stop" and details["generation"] == 2:
        gc.freeze()


if __name__ == "__main__":
    main()
