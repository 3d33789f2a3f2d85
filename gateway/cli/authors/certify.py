"""`student-graph adapters certify` and `adapters verify`: certificates of adapters."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from importlib.metadata import EntryPoint, entry_points, packages_distributions, version
from pathlib import Path
from typing import TYPE_CHECKING

from student_graph.adapters.certificates.certificate import (
    Certificate,
    CertificateError,
    SignedCertificate,
    read_certificate,
    read_private_key,
    read_public_key,
    sign,
)
from student_graph.adapters.certificates.pages import html, markdown
from student_graph.adapters.certificates.tiers import Evidence, decide
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.recording.recording import LIVE_SERVER, Recording, RecordingError
from student_graph.adapters.registry import ENTRY_POINT_GROUP, SettingsError, declared_contract
from student_graph.gateway.cli.parser import Parser
from student_graph.gateway.cli.terminal import progress
from student_graph.gateway.demo.districts import SANDBOX_ENTRY_POINTS

if TYPE_CHECKING:
    from student_graph.adapters.certificates.running import SuiteRun


def add_options(command: Parser) -> None:
    """Add the options of `certify`."""
    command.add_argument("name", metavar="NAME", help="name of the adapter, as `adapters list` shows it")
    command.add_argument(
        "--suite", metavar="FILE[::CLASS]", help="test of the adapter; by default the suite with its sandbox"
    )
    command.add_argument(
        "--output", type=Path, default=Path(), metavar="DIR", help="folder for NAME.json, NAME.md and NAME.html"
    )
    command.add_argument("--key", type=Path, metavar="FILE", help="private key of Ed25519 (PEM) that signs it")
    command.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="older certificate; exit status 1 if the new one lacks a lookup or an access path that it has",
    )
    command.add_argument(
        "--recording", type=Path, action="append", default=[], metavar="FILE", help="recording of a live server"
    )
    command.add_argument(
        "--sample", action="store_true", help="run a sample of the cases of each test, as everyday tests do"
    )
    command.set_defaults(run=run_certify)


def add_verify_options(command: Parser) -> None:
    """Add the options of `verify`."""
    command.add_argument("certificate", type=Path, metavar="FILE", help="certificate (JSON)")
    command.add_argument("--key", type=Path, required=True, metavar="FILE", help="public key of Ed25519 (PEM)")
    command.set_defaults(run=run_verify)


def run_certify(options: argparse.Namespace) -> int:
    """Certify an adapter; return 1 if a test failed, or if something was lost since the older certificate."""
    try:
        key = read_private_key(options.key) if options.key else None
        old = read_certificate(options.against).certificate if options.against else None
        certificate = certify(options.name, options.suite, options.recording, all_cases=not options.sample)
        lost = certificate.lost_since(old) if old else []
        write(sign(certificate, key), options.output)
    except (CertificateError, RecordingError) as exc:
        raise SettingsError(str(exc)) from None
    print(
        f"{options.name} {certificate.version}: {certificate.tier}; "
        + ", ".join(f"{certificate.count(name)} {name}" for name in ("passed", "failed", "exempt", "inapplicable"))
    )
    for check in certificate.checks:
        if check.outcome == "failed":
            print(f"failed: {check.name}: {check.reason}")
    for capability in lost:
        print(f"lost since {old.version if old else ''}: {capability}")
    return int(bool(lost) or certificate.count("failed") > 0)


def run_verify(options: argparse.Namespace) -> int:
    """
    Verify the signature of a certificate, and print what it says.

    Raises:
        SettingsError: a file cannot be read, or the certificate was changed or signed with another key.
    """
    try:
        certificate = read_certificate(options.certificate).verify(read_public_key(options.key))
    except CertificateError as exc:
        message = str(exc)
        raise SettingsError(message if ":" in message else f"{options.certificate}: {message}") from None
    print(
        f"{certificate.adapter} {certificate.version}, contract {certificate.contract}: {certificate.tier}, "
        f"issued {certificate.issued.date()}, {len(certificate.capabilities)} lookups; the signature is valid"
    )
    return 0


def certify(name: str, suite: str | None, recordings: list[Path], *, all_cases: bool) -> Certificate:
    """
    Run the conformance suite for an adapter, and decide its tier.

    Raises:
        CertificateError: there is no sandbox or no suite, or it tests another adapter.
        RecordingError: a recording cannot be read.
        SettingsError: the adapter is not installed, or the suite's packages are not.
    """
    try:
        from student_graph.adapters.certificates import running  # noqa: PLC0415 - only here pytest is needed
    except ImportError:
        raise SettingsError("certify: install student-graph[testing] to run the conformance suite") from None
    point = _entry_point(ENTRY_POINT_GROUP, name)
    if suite is None:
        sandbox = _entry_point(SANDBOX_ENTRY_POINTS, name)
        if sandbox is None:
            raise CertificateError(f"there is no sandbox {name!r}: install one, or name the test with --suite")
        with progress("running the conformance suite"):
            run = running.run_suite_of(sandbox, all_cases=all_cases)
    else:
        with progress("running the conformance suite"):
            run = running.run_suite(suite, all_cases=all_cases)
    if run.suite.sandbox_type.kind != name:
        raise CertificateError(f"--suite: it tests the adapter {run.suite.sandbox_type.kind!r}, not {name!r}")
    recorded = [_recorded_on(path, name) for path in recordings]
    return _certificate(name, point, run, recorded, all_cases=all_cases)


def _certificate(
    name: str, point: EntryPoint | None, run: SuiteRun, recorded: list[date], *, all_cases: bool
) -> Certificate:
    from student_graph.adapters.certificates import running  # noqa: PLC0415 - it was imported before
    from student_graph.adapters.certificates.sandbox_recording import record_and_replay  # noqa: PLC0415 - as above

    adapter, now = run.adapter, datetime.now(UTC)
    figures = running.measure(run.suite)
    replay = record_and_replay(run.suite.sandbox_type, adapter) if adapter.uses_http else None
    evidence = Evidence(
        checks=run.checks,
        group_of=run.group_of,
        figures=figures,
        today=now.date(),
        recorded_on=max(recorded, default=None),
        replay=replay,
        is_typed=running.is_typed(adapter),
    )
    tier, criteria = decide(adapter, evidence)
    package = _package_of(adapter, point)
    return Certificate(
        adapter=name,
        package=package,
        version=version(package),
        contract=declared_contract(adapter) or 0,
        capabilities=tuple(lookup.name for lookup in adapter.capabilities()),
        access_paths=access_paths(adapter),
        issued=now.replace(microsecond=0),
        all_cases=all_cases,
        tier=tier,
        criteria=criteria,
        checks=tuple(run.checks),
        figures=tuple(figures),
    )


def access_paths(adapter: type[Adapter]) -> tuple[str, ...]:
    """The access paths of an adapter as a certificate names them, sorted."""
    ways = [
        f"{lookup_of(method).name} by {lookup_of(path.coarse_lookup).name}"
        for method, paths in adapter.paths.items()
        for path in paths
    ]
    return tuple(sorted(ways))


def write(signed: SignedCertificate, folder: Path) -> None:
    """
    Write a certificate as JSON, Markdown and HTML.

    Raises:
        CertificateError: the folder cannot be written.
    """
    name = signed.certificate.adapter
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, text in (("json", signed.text()), ("md", markdown(signed)), ("html", html(signed))):
            (folder / f"{name}.{suffix}").write_text(text, encoding="utf-8")
    except OSError as exc:
        raise CertificateError(f"--output: {folder}: {exc.strerror}") from None


def _recorded_on(path: Path, name: str) -> date:
    about = Recording.read(path).about
    if about.of != LIVE_SERVER:
        raise CertificateError(
            f"--recording: {path}: a recording of a {about.of}; `certify` records the sandbox itself, and a "
            "recording of a live server counts for gold"
        )
    if about.kind != name:
        raise CertificateError(f"--recording: {path}: a recording of {about.kind!r}, not of {name!r}")
    return about.recorded_on


def _entry_point(group: str, name: str) -> EntryPoint | None:
    return next(iter(entry_points(group=group, name=name)), None)


def _package_of(adapter: type[Adapter], point: EntryPoint | None) -> str:
    """
    Name of the package that an adapter is installed with.

    Raises:
        CertificateError: it is in none, so that it has no version.
    """
    if point is not None and point.dist is not None:
        return point.dist.name
    packages = packages_distributions().get(adapter.__module__.partition(".")[0])
    if not packages:
        raise CertificateError("the adapter is in no installed package, so that it has no version: install it")
    return packages[0]
