"""
The size of an answer, counted while it is made.

Each part of an answer counts for itself and for the parts that hold it. A field that goes over a limit is null,
and what was counted below it is given back. In this way the memory of one operation is bounded, whatever it asks
for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import GraphQLError

from student_graph.resolvers.operation import AnswerLimits

TOO_LARGE = "ANSWER_TOO_LARGE"
"""Error code of a field that does not fit into the answer."""
MAX_TOO_LARGE_ERRORS = 1_000
"""
Errors with this code in one answer.

If a field would need more of them, because it has that many parents, the field that holds its parents is null.
"""
BYTES_PER_MIB = 1024 * 1024


class AnswerTooLargeError(GraphQLError):
    """A field does not fit into the answer."""

    def __init__(self, allowance: str, limit: int) -> None:
        super().__init__(
            f"The answer may hold at most {allowance}, and this field does not fit any more. "
            "Ask for fewer items (`first`, `ids`), for fewer fields, or in several requests.",
            extensions={"code": TOO_LARGE, "limit": limit, "retryable": False},
        )


@dataclass(slots=True)
class AnswerSize:
    """Records and bytes of an answer or of a part of it."""

    limits: AnswerLimits
    holder: AnswerSize | None = None
    """The part that holds this part; None for the answer."""
    records: int = 0
    bytes: int = 0
    """Length in JSON of what is already encoded of the part."""
    reported: int = 0
    """Errors that say that a field does not fit. Counted for the answer only."""
    holders: tuple[AnswerSize, ...] = field(init=False)
    """
    All parts that hold this part, the answer last. The part itself is not included: a reference cycle would keep
    it until garbage is collected.
    """

    def __post_init__(self) -> None:
        self.holders = () if self.holder is None else (self.holder, *self.holder.holders)

    def part(self) -> AnswerSize:
        """Return the size of a part of this part."""
        return AnswerSize(self.limits, self)

    def add(self, records: int = 0, size: int = 0) -> None:
        """
        Count records, and bytes.

        Raises:
            AnswerTooLargeError: the answer would be over a limit.
        """
        answer, limits = self._answer, self.limits
        if answer.records + records > limits.records:
            raise AnswerTooLargeError(f"{limits.records:,} records", limits.records)
        if answer.bytes + size > limits.mebibytes * BYTES_PER_MIB:
            raise AnswerTooLargeError(f"{limits.mebibytes} MiB", limits.mebibytes)
        for part in self.holders:
            part.records += records
            part.bytes += size
        self.records += records
        self.bytes += size

    @property
    def _answer(self) -> AnswerSize:
        return self.holders[-1] if self.holders else self

    def check(self, records: int, size: int) -> None:
        """
        Check that so many more records and bytes would fit, without counting them.

        Raises:
            AnswerTooLargeError: the answer would be over a limit.
        """
        self.add(records, size)
        self.add(-records, -size)

    def discard(self) -> None:
        """Give back what this part counted: it is not in the answer."""
        records, size = self.records, self.bytes
        for part in self.holders:
            part.records -= records
            part.bytes -= size
        self.records = self.bytes = 0

    def may_report(self, parents: int) -> bool:
        """
        Return whether a field with this many parents may report an error for each of them, and count these errors.
        """
        answer = self._answer
        if parents > 1 and answer.reported + parents > MAX_TOO_LARGE_ERRORS:
            return False
        answer.reported += parents
        return True

    def may_report_next(self) -> bool:
        """Return whether one more field may report that it does not fit, and count the error."""
        answer = self._answer
        answer.reported += 1
        return answer.reported <= MAX_TOO_LARGE_ERRORS
