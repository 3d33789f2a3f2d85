"""Names of people who saw a student's records, read from the district's sources when somebody asks for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Sequence
from typing import Any

from student_graph.adapters.answers import Ask, records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.model import StaffId, StudentId
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Limits
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner

STAFF = lookup_of(Adapter.staff_by_id)
CONTACTS = lookup_of(Adapter.contacts_by_student)
STUDENTS = lookup_of(Adapter.students_by_id)


async def names_of_people(district: District, staff: Collection[str], student: str) -> dict[tuple[str, str], str]:
    """
    Names of members of staff by their numbers, of a student, and of the student's contacts.

    A name is found by `staff`, `student` or `contact` and the number; who is no longer known, or whose source does
    not answer, is left out.
    """
    pipeline = FetchPipeline([district], HmacSigner(os.urandom(32)), Limits(memory=0))
    fetch, _ = pipeline.background_fetch(is_awaited=True)

    async def read(lookup: Lookup, keys: Sequence[Any]) -> list[Any]:
        sources = [source for source in district.sources if source.offers(lookup) and source.identity is None]
        if not sources or not keys:
            return []
        answers = await fetch(sources[0], Ask(lookup, tuple(keys)))
        return [record for answer in answers.values() for record in records_in(answer.value)]

    try:
        members, contacts, students = await asyncio.gather(
            read(STAFF, [StaffId(number) for number in sorted(staff)]),
            read(CONTACTS, [StudentId(student)]),
            read(STUDENTS, [StudentId(student)]),
        )
    finally:
        await pipeline.close()
        await asyncio.gather(*(source.adapter.http.aclose() for source in district.sources))
    return {
        **{("staff", record.staff_id): _text(record.name) for record in members},
        **{("contact", record.contact_id): _text(record.name) for record in contacts},
        **{("student", record.student_id): _text(record.name) for record in students},
    }


def _text(name: Any) -> str:
    return f"{name.first_name} {name.last_name}"
