"""How Starter is asked: the requests, their parameters, and how lists are paged."""

from __future__ import annotations

import httpx

from student_graph.adapters import StudentId, Window
from student_graph.adapters.keys import check_own_keys, query_text
from student_graph.adapters.paging import PayloadPage, offset_page
from student_graph.adapters.reading import read
from student_graph.adapters.starter import api

MAX_ROWS_PER_PAGE = 50
"""Rows that Starter puts on a page at most."""


async def find_learner(http: httpx.AsyncClient, number: StudentId) -> api.Learner | None:
    """Return the learner with a number; None if there is none."""
    response = await http.get("/api/learners", params={"number": query_text(number)})
    learners = read(response, api.LEARNERS).learners
    check_own_keys([learner.number for learner in learners], [number], may_ignore_filter=True)
    return next((learner for learner in learners if learner.number == number), None)


async def learners_page(http: httpx.AsyncClient, window: Window) -> PayloadPage[list[api.Learner]]:
    """Return a page of all learners."""

    def rows(response: httpx.Response) -> list[api.Learner]:
        return read(response, api.LEARNERS).learners

    return await offset_page(http, "/api/learners", {}, rows, window, max_limit=MAX_ROWS_PER_PAGE)
