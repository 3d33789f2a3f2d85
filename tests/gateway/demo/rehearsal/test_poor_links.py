"""The poor links of rehearsed districts are those that real systems have."""

from __future__ import annotations

from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.demo.rehearsal.vendors.canaries import spoil_links


def test_some_accounts_lack_their_number_and_pairs_of_accounts_are_crossed() -> None:
    """No two accounts have one number, which Canvas refuses."""
    facts = make_district(120)
    before = {account.id: account.sis_id for account in facts.accounts}
    spoil_links(facts)

    numbers = [account.sis_id for account in facts.accounts if account.sis_id is not None]
    crossed = {account.id for account in facts.accounts if account.sis_id not in (None, before[account.id])}
    lacking = {account.id for account in facts.accounts if account.sis_id is None and before[account.id]}
    assert len(numbers) == len(set(numbers))
    assert len(crossed) > 10
    assert len(lacking) > 10
