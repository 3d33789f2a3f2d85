"""Counts what viewers saw, by district and by trouble."""

from __future__ import annotations

import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from student_graph.gateway.demo.rehearsal.fleet import now
from student_graph.gateway.demo.rehearsal.load import Answer
from student_graph.gateway.demo.rehearsal.pages import Page
from student_graph.gateway.demo.rehearsal.verdicts.judge import Judgement, Verdict, foreign, judge

REFUSALS = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})
MAX_EXAMPLES = 20
"""How many pages of each verdict are named."""
MAX_CHANGE_AGE_SECONDS = 90.0
"""How old a change of attendance may be until pages that do not show it must be marked."""


@dataclass(slots=True)
class Row:
    """What was seen in one district, during one trouble, or of one page."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    repeated: int = 0
    """Pages that were requested once more because a connection broke."""

    @property
    def pages(self) -> int:
        """Number of pages."""
        return sum(self.verdicts.values())

    @property
    def answered_share(self) -> float:
        """Share of pages that came whole, stale and marked, with stated absence, or refused with a reason."""
        good = self.pages - sum(self.verdicts[v] for v in (Verdict.FAILED, Verdict.WRONG, Verdict.FOREIGN))
        return good / self.pages if self.pages else 1.0

    def within(self, share: float) -> float:
        """Seconds within which this share of the pages came."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


class Tally:
    """Judges answers, and counts the verdicts."""

    def __init__(
        self,
        oracle: Mapping[Page, Mapping[str, Any]],
        district_numbers: Mapping[str, int],
        evidence: Path | None = None,
    ) -> None:
        """
        `oracle` has the expected page of each page; `district_numbers` are those of the plans.

        The expected and the seen page of what was wrong are written into the folder `evidence`.
        """
        self._oracle, self._numbers, self._evidence = oracle, district_numbers, evidence
        self._later: Mapping[Page, Mapping[str, Any]] = {}
        self._changed_at: dict[str, float] = {}
        self._pending: list[Answer] = []
        """Answers of districts whose data has changed: the oracle is asked once more at the end."""
        self.by_district: defaultdict[str, Row] = defaultdict(Row)
        self.by_trouble: defaultdict[str, Row] = defaultdict(Row)
        self.by_page: defaultdict[str, Row] = defaultdict(Row)
        """By role and document, without the requests of hostile viewers."""
        self.examples: list[str] = []
        """Where wrong and foreign pages, and pages without an answer, were seen; without values."""

    def add(self, answer: Answer) -> None:
        """Judge one answer, or keep it until the oracle has answered again."""
        if answer.page.viewer.district in self._changed_at:
            self._pending.append(answer)
        else:
            self.note(answer, self.judgement(answer))

    def note_change(self, district: str) -> None:
        """Note that the data of a district's vendors changes now."""
        self._changed_at[district] = now()

    def changed_at(self, district: str) -> float:
        """When the data of a district has changed, in monotonic seconds."""
        return self._changed_at[district]

    @property
    def changed_districts(self) -> Collection[str]:
        """The districts whose data has changed."""
        return self._changed_at.keys()

    def finish(self, later: Mapping[Page, Mapping[str, Any]]) -> None:
        """Judge the answers after a change, by the oracle's pages after the changes."""
        self._later = later
        for answer in self._pending:
            self.note(answer, self.judgement(answer))
        self._pending.clear()

    def note(self, answer: Answer, judgement: Judgement) -> None:
        """Count one verdict."""
        viewer, document = answer.page.viewer, answer.page.document
        rows = [self.by_district[viewer.district], self.by_trouble[answer.trouble]]
        if answer.page in self._oracle:
            rows.append(self.by_page[f"{viewer.role}, {document}"])
        for row in rows:
            row.verdicts[judgement.verdict] += 1
            row.seconds.append(answer.seconds)
            row.repeated += answer.was_repeated
        is_bad = judgement.verdict in (Verdict.WRONG, Verdict.FOREIGN, Verdict.FAILED)
        # A limit for each verdict: many pages without an answer must not hide one that was wrong.
        if is_bad and self.count(judgement.verdict) <= MAX_EXAMPLES:
            self.examples.append(
                f"{answer.trouble}: {viewer.name}, {document}: {judgement.verdict.value}: {judgement.detail}"
            )
            self._keep(answer, f"{len(self.examples):02}")

    def _keep(self, answer: Answer, name: str) -> None:
        """Write down what was expected and what was seen."""
        if self._evidence is not None:
            self._evidence.mkdir(parents=True, exist_ok=True)
            pages = self._later if answer.page in self._later else self._oracle
            expected = json.dumps(pages.get(answer.page), indent=1, ensure_ascii=False)
            (self._evidence / f"{name}-expected.json").write_text(expected, encoding="utf-8")
            with contextlib.suppress(ValueError):
                seen = json.dumps(json.loads(answer.text), indent=1, ensure_ascii=False)
                (self._evidence / f"{name}-seen.json").write_text(seen, encoding="utf-8")

    def judgement(self, answer: Answer) -> Judgement:
        """The verdict about one answer."""
        if leak := foreign(answer.text, answer.page.viewer, self._numbers[answer.page.viewer.district]):
            return Judgement(Verdict.FOREIGN, leak)
        if answer.status == 0:
            return Judgement(Verdict.FAILED, answer.text)
        try:
            seen = json.loads(answer.text)
        except ValueError:
            return Judgement(Verdict.FAILED, f"status {answer.status} without JSON")
        if answer.status != httpx.codes.OK or "data" not in seen:
            codes = [error.get("extensions", {}).get("code") for error in seen.get("errors", ())]
            verdict = Verdict.REFUSED if answer.status in REFUSALS and any(codes) else Verdict.FAILED
            return Judgement(verdict, f"status {answer.status}, {codes}")
        expected = self._oracle[answer.page]
        if (later := self._later.get(answer.page)) is None:
            return judge(expected, seen)
        is_recent = answer.began_at < self._changed_at[answer.page.viewer.district] + MAX_CHANGE_AGE_SECONDS
        return judge(later, seen, old=expected, is_recent=is_recent)

    def count(self, *verdicts: Verdict) -> int:
        """How many pages had one of these verdicts."""
        return sum(row.verdicts[verdict] for row in self.by_district.values() for verdict in verdicts)

    def total(self) -> Row:
        """All districts together."""
        total = Row()
        for row in self.by_district.values():
            total.verdicts += row.verdicts
            total.seconds += row.seconds
            total.repeated += row.repeated
        return total


def rows_as_json(rows: Mapping[str, Row]) -> list[dict[str, Any]]:
    """Rows as JSON values."""
    return [{"name": name, **row_as_json(row)} for name, row in rows.items()]


def row_as_json(row: Row) -> dict[str, Any]:
    """A row as JSON values."""
    counts = {verdict.value: row.verdicts[verdict] for verdict in Verdict}
    times: Sequence[tuple[str, float]] = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    return {
        "pages": row.pages,
        **counts,
        "repeated": row.repeated,
        **{f"{name}_ms": round(1000 * row.within(share), 1) for name, share in times},
        "answered_percent": round(100 * row.answered_share, 3),
    }
