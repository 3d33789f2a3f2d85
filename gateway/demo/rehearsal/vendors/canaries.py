"""
Canaries: a word in the name of each student that says whose name it is.

The word is the same wherever the student's name or address is: in the information system, in other systems, in
files. A page with a word of another district, or of a student outside the viewer's reach, shows a leak.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from student_graph.adapters.sandbox.facts import DistrictFacts

_CONSONANTS, _VOWELS = "bdfgklmnprst", "aeiou"
_SYLLABLES = tuple(consonant + vowel for consonant in _CONSONANTS for vowel in _VOWELS)
_WORD = re.compile(r"zy(?:[bdfgklmnprst][aeiou]){4}x", re.IGNORECASE)
_BASE = len(_SYLLABLES)


def canary(district: int, student: int) -> str:
    """The word of a student, by the numbers of both from 0, such as `zybabadefox`."""
    syllables = [district % _BASE, student // _BASE**2 % _BASE, student // _BASE % _BASE, student % _BASE]
    return f"zy{''.join(_SYLLABLES[syllable] for syllable in syllables)}x"


def district_mark(district: int) -> str:
    """How the words of a district begin."""
    return f"zy{_SYLLABLES[district % _BASE]}"


def canaries_in(text: str) -> set[str]:
    """All such words in a text, in lower case."""
    return {word.lower() for word in _WORD.findall(text)}


def add_canaries(facts: DistrictFacts, district: int) -> Mapping[str, str]:
    """
    Put a word into the last name and the addresses of each student, of the account and of the contacts.

    Returns the words by student number.
    """
    words = {student.id: canary(district, number) for number, student in enumerate(facts.students)}
    for student in facts.students:
        word = words[student.id]
        student.last = f"{student.last} {word.title()}"
        if student.email:
            student.email = f"{word}.{student.id[-4:]}@students.d{district}.example"
    by_id = {student.id: student for student in facts.students}
    for account in facts.accounts:
        if (owner := by_id.get(account.owner)) is not None:
            account.login = owner.email.split("@")[0] or f"s{owner.id}"
            account.name, account.sortable_name = f"{owner.first} {owner.last}", f"{owner.last}, {owner.first}"
            account.email = owner.email
    rows = Counter(contact.id for contact in facts.contacts)
    for contact in facts.contacts:
        if (
            rows[contact.id] == 1
        ):  # a parent of two students would have the word of another one on one of the pages
            contact.last = f"{contact.last} {words[contact.student].title()}"
    return words


def spoil_links(facts: DistrictFacts) -> None:
    """
    Take the number from some accounts, and let pairs of others have each other's.

    No two accounts have one number: Canvas refuses that, and its sandbox would answer for one of them.
    """
    accounts = [account for account in facts.accounts if account.sis_id is not None and account.birth is not None]
    for number, account in enumerate(accounts):
        if number % 9 == 0:
            account.sis_id = None
        elif number % 13 == 0 and number + 1 < len(accounts):
            other = accounts[number + 1]
            account.sis_id, other.sis_id = other.sis_id, account.sis_id
