"""Adds addresses, languages and English proficiency to the students of a synthetic district."""

from __future__ import annotations

from datetime import date
from random import Random

from student_graph.adapters.sandbox.facts import AddressFact, DistrictFacts, StudentFact
from student_graph.adapters.sandbox.years import FALL_DAYS

_STREETS = ("Quarry Road", "Orchard Lane", "Mill Street", "Heron Way", "Old Depot Road", "Sycamore Court")
_LANGUAGES = ("spa", "vie", "ara", "hmn", "som")
_MOVED = date(2026, 10, 2)
_SHARED_HOME = "Doubled - up (i.e., living with another family)"


def add_homes(facts: DistrictFacts) -> None:
    """
    Add an address and the languages of each student.

    Some students have moved, some have a second address, and some addresses must not be published. A homeless
    student stays with another family. Students in a program of language instruction have limited English.
    """
    members: dict[str, set[str]] = {"homeless": set(), "language": set()}
    for program in facts.programs:
        members.setdefault(program.kind, set()).add(program.student)
    for student in facts.students:
        if student.id in facts.special_cases["nothing_recorded"]:
            continue
        rng = Random(f"{student.id} home")
        town = facts.name.removesuffix(" School District")
        student.addresses = _addresses(rng, town, is_homeless=student.id in members["homeless"])
        _add_languages(student, rng, is_learner=student.id in members["language"])


def _addresses(rng: Random, town: str, *, is_homeless: bool) -> tuple[AddressFact, ...]:
    if is_homeless:
        return (_address(rng, town, _SHARED_HOME),)
    home = _address(rng, town, "Home")
    home.unlisted = rng.random() < 0.05
    if rng.random() < 0.05:
        earlier = _address(rng, town, "Home")
        earlier.periods, home.periods = ((FALL_DAYS[0], _MOVED),), ((_MOVED, None),)
        return earlier, home
    if rng.random() < 0.05:
        home.periods = ((FALL_DAYS[0], date(9999, 12, 31)),)
    if rng.random() < 0.08:
        return home, _address(rng, town, rng.choice(("Mother Address", "Father Address", "Mailing")))
    return (home,)


def _address(rng: Random, town: str, kind: str) -> AddressFact:
    return AddressFact(
        kind=kind,
        street=f"{rng.randrange(1, 2000)} {rng.choice(_STREETS)}",
        apartment=f"{rng.randrange(1, 40)}" if rng.random() < 0.2 else None,
        city=town,
        state="TX",
        postal_code=f"{rng.randrange(1, 100):05}",
    )


def _add_languages(student: StudentFact, rng: Random, *, is_learner: bool) -> None:
    if is_learner or rng.random() < 0.1:
        home = rng.choice(_LANGUAGES)
        student.languages = ((home, ("Home language", "Native language")), ("eng", ("Other",)))
        student.english = "Limited" if is_learner else "NotLimited"
    else:
        student.languages = (("eng", ("Home language",)),)
        student.english = "NotLimited" if rng.random() < 0.8 else None
