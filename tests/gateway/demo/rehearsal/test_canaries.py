"""The name of each student says whose it is, in every system."""

from __future__ import annotations

from dataclasses import astuple

from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.demo.rehearsal.vendors.canaries import add_canaries, canaries_in, district_mark


def test_the_word_of_a_student_is_in_all_names_and_addresses() -> None:
    """Accounts and contacts have the word of their student and no other; two districts have no word in common."""
    facts = make_district(120)
    words = add_canaries(facts, 7)
    assert len(set(words.values())) == len(facts.students) == 120
    for student in facts.students:
        assert canaries_in(student.last) == {words[student.id]}
        assert canaries_in(student.email) == ({words[student.id]} if student.email else set())
    owned = [account for account in facts.accounts if account.owner in words]
    assert owned
    for account in owned:
        assert canaries_in(f"{account.name} {account.sortable_name} {account.email}") == {words[account.owner]}
    assert all(canaries_in(str(astuple(contact))) <= {words[contact.student]} for contact in facts.contacts)
    assert all(word.startswith(district_mark(7)) for word in words.values())
    assert not set(words.values()) & set(add_canaries(make_district(120), 8).values())
