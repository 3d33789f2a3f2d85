"""Tests of what certificates say: signatures, tiers, lost capabilities and pages."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from student_graph.adapters.certificates.certificate import (
    Certificate,
    CertificateError,
    CheckResult,
    Criterion,
    LookupFigures,
    SignedCertificate,
    Tier,
    read_certificate,
    read_private_key,
    read_public_key,
    sign,
    signed_bytes,
)
from student_graph.adapters.certificates.pages import html, markdown
from student_graph.adapters.certificates.replay_result import ReplayResult
from student_graph.adapters.certificates.tiers import CHECKS_BY_CRITERION, TOKEN_RENEWAL, Evidence, decide
from student_graph.adapters.starter.adapter import Starter
from student_graph.adapters.testing import AdapterSuite
from tests.adapters.helpers.small_vendor import SmallVendor
from tests.subcases import subcases

TODAY = date(2026, 11, 29)
NEEDS_OPENSSL = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def check(name: str, outcome: Any = "passed", reason: str | None = None) -> CheckResult:
    """The result of a test."""
    return CheckResult(name=name, rule="It holds.", outcome=outcome, cases=1, reason=reason)


def certificate(**changes: Any) -> Certificate:
    """A certificate of an invented adapter."""
    values: dict[str, Any] = {
        "adapter": "hill",
        "package": "hill-sis",
        "version": "1.2.0",
        "contract": 1,
        "capabilities": ("attendance_events_by_student", "students_by_id"),
        "access_paths": ("students_by_id by students_by_district",),
        "issued": datetime(2026, 11, 29, 8, tzinfo=UTC),
        "all_cases": True,
        "tier": Tier.SILVER,
        "criteria": (Criterion(tier=Tier.BRONZE, name="loads", met=True, evidence="8 tests passed"),),
        "checks": (check("known_keys_are_answered"), check("fails", "exempt", "a <b>reason</b> | with marks")),
        "figures": (
            LookupFigures(
                lookup="students_by_id", calls_of_one_key=1, keys=10, calls_of_keys=10, milliseconds=1.5
            ),
        ),
    }
    return Certificate(**(values | changes))


@NEEDS_OPENSSL
def test_openssl_verifies_a_signature(tmp_path: Path) -> None:
    """The signature is Ed25519 over the JSON that the docs describe: another program verifies it."""
    key = Ed25519PrivateKey.generate()
    signed = sign(certificate(), key)
    values = json.loads(signed.text())
    content = json.dumps(values["certificate"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (tmp_path / "content").write_text(content)
    (tmp_path / "key.pem").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    decode = f"printf %s '{values['signature']['signature']}' | openssl base64 -d -A > signature"
    verify = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in content -sigfile signature"
    output = subprocess.run(  # noqa: S603 - our own words
        ["/bin/sh", "-c", f"{decode} && {verify}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert output.stdout.strip() == "Signature Verified Successfully", output.stderr


@subcases("name", sorted(Certificate.model_fields))
def test_a_change_of_any_value_is_noticed(name: str) -> None:
    """A certificate is refused if any of its values is another one than was signed."""
    key = Ed25519PrivateKey.generate()
    signed = sign(certificate(), key)
    other = certificate(tier=Tier.GOLD, version="2", issued=datetime(2027, 1, 1, tzinfo=UTC), contract=2)
    values = signed.certificate.model_dump()
    old = values[name]
    values[name] = (
        getattr(other, name) if getattr(other, name) != getattr(signed.certificate, name) else _another(old)
    )
    changed = SignedCertificate(certificate=Certificate(**values), signature=signed.signature)

    assert signed.verify(key.public_key()) == signed.certificate
    with pytest.raises(CertificateError, match="was changed after it was signed"):
        changed.verify(key.public_key())


def _another(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}x"
        case _:
            return ()


def test_another_key_and_no_signature_are_refused() -> None:
    """The key in the file is not trusted: it must be the one that verifies."""
    signed, other = sign(certificate(), Ed25519PrivateKey.generate()), Ed25519PrivateKey.generate()

    with pytest.raises(CertificateError, match="signed with another key"):
        signed.verify(other.public_key())
    with pytest.raises(CertificateError, match="is not signed"):
        sign(certificate(), None).verify(other.public_key())


@NEEDS_OPENSSL
def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    """JSON, keys in PEM as openssl writes them, and a signature that still holds."""
    run = [
        "/bin/sh",
        "-c",
        "openssl genpkey -algorithm ed25519 -out k.pem && openssl pkey -in k.pem -pubout -out k.pub",
    ]
    subprocess.run(run, cwd=tmp_path, check=True, capture_output=True)  # noqa: S603 - our own words
    signed = sign(certificate(), read_private_key(tmp_path / "k.pem"))
    (tmp_path / "hill.json").write_text(signed.text())

    assert read_certificate(tmp_path / "hill.json") == signed
    assert read_certificate(tmp_path / "hill.json").verify(read_public_key(tmp_path / "k.pub")).adapter == "hill"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", r"not a certificate of an adapter \(no JSON\)"),
        ("{}", r"not a certificate of an adapter \(certificate\)"),
        ('{"certificate": {"tier": "diamond"}}', "not a certificate of an adapter"),
        ("x" * (1 << 20) + "x", "too large for a certificate"),
    ],
)
def test_another_file_is_not_a_certificate(content: str, problem: str, tmp_path: Path) -> None:
    """The message names the file and what is wrong."""
    (tmp_path / "file.json").write_text(content)
    with pytest.raises(CertificateError, match=problem):
        read_certificate(tmp_path / "file.json")
    for read in (read_public_key, read_private_key):
        with pytest.raises(CertificateError, match=r"file.json: not a (public|private) key of Ed25519"):
            read(tmp_path / "file.json")
        with pytest.raises(CertificateError, match=r"missing: No such file"):
            read(tmp_path / "missing")


def test_lost_capabilities_are_named() -> None:
    """A lookup or an access path of the older certificate that this one has not; a new one is no loss."""
    new = certificate(capabilities=("students_by_district", "students_by_id"), access_paths=())

    assert new.lost_since(certificate()) == [
        "the lookup attendance_events_by_student",
        "the access path students_by_id by students_by_district",
    ]
    assert certificate().lost_since(certificate()) == []
    with pytest.raises(CertificateError, match="of the adapter 'hall', not 'hill'"):
        new.lost_since(certificate(adapter="hall"))


GROUPS = sorted({group for groups in CHECKS_BY_CRITERION.values() for group in groups})


def tier_of(adapter: Any = SmallVendor, *, failed: str = "", **evidence: Any) -> Tier:
    """The tier of an adapter with a test of each group, of which one failed."""
    checks = [check(name, "failed" if name == failed else "passed") for name in [*GROUPS, TOKEN_RENEWAL]]
    figures = certificate().figures
    groups = {name: name for name in GROUPS}
    return decide(adapter, Evidence(checks, groups, figures, TODAY, **evidence))[0]


def test_every_test_of_the_suite_decides_a_condition() -> None:
    """A new class of tests of the suite cannot be forgotten."""
    bases = {base.__name__ for base in AdapterSuite.__mro__[1:-1]}

    assert bases == set(GROUPS)


def test_a_failed_test_costs_its_tier_and_higher_tiers() -> None:
    """What is read decides bronze, pages and odd rows silver."""
    assert tier_of(failed="Answers") is Tier.NONE
    assert tier_of(failed="Secrets") is Tier.NONE
    for group in ("Paging", "OddLists", "OddRows", "OtherKeys", "Failures", TOKEN_RENEWAL):
        assert tier_of(failed=group) is Tier.BRONZE
    assert tier_of() is Tier.SILVER


class VersionedVendor(SmallVendor):
    """A vendor that says whether its data changed."""

    async def version(self) -> str | None:
        """Return the version of the data."""
        return "1"


def test_gold_and_platinum_need_evidence() -> None:
    """Gold needs batches, access paths, changes and a recording; platinum types and a recent live run."""
    figures = (certificate().figures[0].model_copy(update={"calls_of_keys": 2}),)
    groups = {name: name for name in GROUPS}
    checks = [check(name) for name in [*GROUPS, TOKEN_RENEWAL]]

    def reached(adapter: Any, recorded_on: date | None, *, typed: bool = True) -> Tier:
        evidence = Evidence(checks, groups, figures, TODAY, recorded_on, typed)
        return decide(adapter, evidence)[0]

    assert reached(VersionedVendor, None) is Tier.SILVER
    assert reached(SmallVendor, TODAY) is Tier.SILVER  # it reads lists in full
    assert reached(Starter, TODAY) is Tier.SILVER  # it has no access paths
    assert reached(VersionedVendor, TODAY, typed=False) is Tier.GOLD
    assert reached(VersionedVendor, date(2026, 8, 30)) is Tier.GOLD
    assert reached(VersionedVendor, date(2026, 8, 31)) is Tier.PLATINUM


REPLAYED = ReplayResult(requests=12, lookups=3, differing=())


def recordings_of(adapter: Any = SmallVendor, **evidence: Any) -> tuple[bool | None, str]:
    """Whether an adapter has recordings, and the evidence in its certificate."""
    _, criteria = decide(adapter, Evidence([], {}, [], TODAY, **evidence))
    return next(
        (criterion.met, criterion.evidence) for criterion in criteria if criterion.name == "has recordings"
    )


class FileVendor(SmallVendor):
    """An adapter that reads files."""

    uses_http = False


def test_a_certificate_says_what_its_recording_is_of() -> None:
    """Silver needs one that replays, of the sandbox or of a live server; files have none, and say why."""
    differs = ReplayResult(requests=12, lookups=3, differing=("students_by_id",))

    assert recordings_of() == (None, "no recording was named")
    assert recordings_of(replay=REPLAYED) == (True, "of its sandbox: 12 requests, 3 lookups replayed")
    assert recordings_of(replay=differs) == (
        False,
        "its sandbox is not read from a recording as it is: students_by_id",
    )
    met, evidence = recordings_of(replay=REPLAYED, recorded_on=TODAY)
    assert met
    assert evidence.startswith(f"of a live server, on {TODAY}; of its sandbox")
    assert recordings_of(replay=ReplayResult(0, 0, ()))[0] is False
    met, evidence = recordings_of(FileVendor)
    assert met is None
    assert evidence.startswith("inapplicable: it reads files")


def test_a_recording_of_the_sandbox_is_not_a_live_run() -> None:
    """It decides silver; drift is watched with a recording of a live server only, and so are gold and platinum."""
    assert tier_of(replay=REPLAYED) is Tier.SILVER
    assert tier_of(replay=ReplayResult(12, 3, ("students_by_id",))) is Tier.BRONZE
    _, criteria = decide(SmallVendor, Evidence([], {}, [], TODAY, replay=REPLAYED))
    undecided = {
        criterion.name for criterion in criteria if criterion.met is False and "live server" in criterion.evidence
    }
    assert undecided == {"is watched for drift", "ran against a live server within 90 days"}


def test_pages_show_everything_and_run_nothing() -> None:
    """Markdown and HTML show tests with outcome and reason, lookups and figures; marks in a text are text."""
    signed = sign(certificate(), Ed25519PrivateKey.generate())
    page, text = html(signed), markdown(signed)

    assert signed.signature is not None
    for part in ("hill-sis 1.2.0", "silver", "known keys are answered", "students_by_id", signed.signature.key):
        assert part in text
    assert "exempt: a <b>reason</b> \\| with marks" in text
    assert "a &lt;b&gt;reason&lt;/b&gt; | with marks" in page
    assert "<script" not in page
    assert "http" not in page


def test_signed_bytes_do_not_depend_on_the_order_of_a_file() -> None:
    """A file that another program wrote again has the same signature."""
    values = certificate().model_dump(mode="json")
    shuffled = Certificate.model_validate(dict(reversed(values.items())))

    assert signed_bytes(shuffled) == signed_bytes(certificate())
