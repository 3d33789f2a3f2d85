"""Which tier an adapter reaches: the conditions of each, decided from what the conformance suite found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from student_graph.adapters.certificates.certificate import CheckResult, Criterion, LookupFigures, Tier
from student_graph.adapters.certificates.replay_result import ReplayResult
from student_graph.adapters.contract import Adapter

LIVE_RUN_DAYS = 90
"""For how many days a run against a live server counts."""
CHECKS_BY_CRITERION: dict[tuple[Tier, str], frozenset[str]] = {
    (Tier.BRONZE, "loads"): frozenset({"Declarations"}),
    (Tier.BRONZE, "reads"): frozenset({"Answers", "RecordValues", "Arguments"}),
    (Tier.BRONZE, "keeps secrets and private data"): frozenset({"Secrets", "Privacy", "HostileKeys"}),
    (Tier.SILVER, "reads all pages"): frozenset({"Paging", "OddLists"}),
    (Tier.SILVER, "fails as its vendor fails, also when throttled"): frozenset({"Failures", "Interruptions"}),
    (Tier.SILVER, "handles odd rows"): frozenset({"OddValues", "OddRows", "OddKeys", "OddFiles", "ListedIds"}),
    (Tier.SILVER, "refuses answers about others"): frozenset({"OtherKeys"}),
    (Tier.GOLD, "access paths give equal answers"): frozenset({"AccessPaths"}),
}
"""The classes of tests of the suite that decide a condition of a tier."""
TOKEN_RENEWAL = "50_tasks_renew_a_token_once"  # noqa: S105 - the name of a test


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an adapter when its tier is decided."""

    checks: Sequence[CheckResult]
    group_of: Mapping[str, str]
    """For each test, the class of the suite that it belongs to."""
    figures: Sequence[LookupFigures]
    today: date
    recorded_on: date | None = None
    """Day of the newest recording of a live server; None if there is none."""
    is_typed: bool = False
    """Whether its package says that it is typed (`py.typed`)."""
    replay: ReplayResult | None = None
    """What the adapter read from a recording of its sandbox; None if none was made."""


def decide(adapter: type[Adapter], evidence: Evidence) -> tuple[Tier, tuple[Criterion, ...]]:
    """
    Return the tier of an adapter and the conditions that decide it.

    A condition that was not decided is skipped. A tier with a condition that is not met is not reached, and none
    above it.
    """
    criteria = tuple(sorted(_criteria(adapter, evidence), key=lambda criterion: criterion.tier.rank))
    reached = Tier.NONE
    for tier in (Tier.BRONZE, Tier.SILVER, Tier.GOLD, Tier.PLATINUM):
        if any(criterion.met is False for criterion in criteria if criterion.tier is tier):
            break
        reached = tier
    return reached, criteria


def _criteria(adapter: type[Adapter], evidence: Evidence) -> Iterable[Criterion]:
    checks, recorded_on = evidence.checks, evidence.recorded_on
    for (tier, name), groups in CHECKS_BY_CRITERION.items():
        own = [check for check in checks if evidence.group_of.get(check.name) in groups]
        yield _criterion(tier, name, own)
    renewal = next((check for check in checks if check.name == TOKEN_RENEWAL), None)
    yield _criterion(Tier.SILVER, "renews its token once", [renewal] if renewal else [])
    yield _recordings(adapter, evidence)
    yield _batching(evidence.figures)
    yield Criterion(
        tier=Tier.GOLD,
        name="has access paths",
        met=bool(adapter.paths) or not adapter.uses_http,
        evidence=f"{sum(map(len, adapter.paths.values()))} access paths",
    )
    knows_changes = adapter.version is not Adapter.version or adapter.try_changes is not Adapter.try_changes
    yield Criterion(
        tier=Tier.GOLD,
        name="reads changes only",
        met=knows_changes,
        evidence="it asks for the version of the data" if knows_changes else "it reads lists in full each time",
    )
    yield Criterion(
        tier=Tier.GOLD,
        name="is watched for drift",
        met=recorded_on is not None,
        evidence="by its recording of a live server" if recorded_on else "no recording of a live server was named",
    )
    yield Criterion(
        tier=Tier.PLATINUM,
        name="is strictly typed",
        met=evidence.is_typed,
        evidence="its package has py.typed" if evidence.is_typed else "its package has no py.typed",
    )
    oldest = evidence.today - timedelta(days=LIVE_RUN_DAYS)
    is_recent = recorded_on is not None and recorded_on >= oldest
    yield Criterion(
        tier=Tier.PLATINUM,
        name=f"ran against a live server within {LIVE_RUN_DAYS} days",
        met=is_recent,
        evidence=f"recorded on {recorded_on}" if is_recent else f"no recording of a live server since {oldest}",
    )


def _recordings(adapter: type[Adapter], evidence: Evidence) -> Criterion:
    """Whether there is a recording: of a live server, or of the sandbox, that is read as the sandbox is."""
    recorded_on, replay = evidence.recorded_on, evidence.replay
    texts = [f"of a live server, on {recorded_on}"] if recorded_on else []
    met: bool | None = bool(recorded_on) or None
    if not adapter.uses_http:
        met, texts = None, ["inapplicable: it reads files, and asks nothing over HTTP that could be recorded"]
    elif replay is not None:
        met = bool(recorded_on) or replay.replays
        if replay.replays:
            texts.append(f"of its sandbox: {replay.requests} requests, {replay.lookups} lookups replayed")
        else:
            names = ", ".join(replay.differing) or "nothing was recorded"
            texts.append(f"its sandbox is not read from a recording as it is: {names}")
    return Criterion(
        tier=Tier.SILVER, name="has recordings", met=met, evidence="; ".join(texts) or "no recording was named"
    )


def _criterion(tier: Tier, name: str, checks: Sequence[CheckResult]) -> Criterion:
    failed = [check.name for check in checks if check.outcome == "failed"]
    passed = sum(check.outcome == "passed" for check in checks)
    others = len(checks) - passed - len(failed)
    counts = f"{passed} tests passed" + (f", {others} exempt or inapplicable" if others else "")
    return Criterion(
        tier=tier,
        name=name,
        met=bool(checks) and not failed,
        evidence=f"failed: {', '.join(failed)}" if failed else counts if checks else "no test was run",
    )


def _batching(figures: Sequence[LookupFigures]) -> Criterion:
    """Whether some lookup answers several keys with fewer requests than it needs for each of them alone."""
    batched = [f.lookup for f in figures if f.keys > 1 and f.calls_of_keys < f.keys * f.calls_of_one_key]
    return Criterion(
        tier=Tier.GOLD,
        name="answers several keys in a request",
        met=bool(batched),
        evidence=f"{len(batched)} of {len(figures)} lookups",
    )
