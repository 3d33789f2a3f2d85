"""What a certificate says, how it is signed, and how a signature is verified."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic import BaseModel, ConfigDict, ValidationError

FORMAT_VERSION = 1
"""Version of the form of certificates."""
MAX_CERTIFICATE_BYTES = 1 << 20
"""A larger file is no certificate."""


class CertificateError(ValueError):
    """A certificate or a key that cannot be used. The message says which file, and what is wrong."""


class Tier(StrEnum):
    """How much an adapter has proved; each tier includes the ones before."""

    NONE = "none"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"

    @property
    def rank(self) -> int:
        """Position of the tier; a higher one includes the lower ones."""
        return list(Tier).index(self)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class CheckResult(_Part):
    """What one test of the conformance suite found."""

    name: str
    """Name of the test, without `test_`."""
    rule: str
    """What the test proves."""
    outcome: Literal["passed", "failed", "exempt", "inapplicable"]
    cases: int
    """Number of cases that were run: most tests run once for each lookup."""
    reason: str | None = None
    """Why it is exempt or inapplicable, or which cases failed; None if it passed."""


class Criterion(_Part):
    """One condition of a tier."""

    tier: Tier
    name: str
    met: bool | None
    """None if it was not decided, which counts neither for nor against the tier."""
    evidence: str
    """What shows it, or what is missing."""


class LookupFigures(_Part):
    """What a lookup costs against the sandbox."""

    lookup: str
    calls_of_one_key: int
    keys: int
    """Number of keys of the second measurement: ten, or as many as the sandbox has."""
    calls_of_keys: int
    """Requests for these keys together."""
    milliseconds: float
    """Time of the adapter and its sandbox for one key, in one process; the median of several."""


class Certificate(_Part):
    """The findings about one version of an adapter."""

    format: int = FORMAT_VERSION
    adapter: str
    """Kind of the adapter, as a settings file names it."""
    package: str
    """Name of the package that it is installed with."""
    version: str
    """Version of that package."""
    contract: int
    """Version of the contract that it was built for."""
    capabilities: tuple[str, ...]
    """Names of the lookups that it answers, sorted."""
    access_paths: tuple[str, ...]
    """Access paths: the lookup, and the coarser one that can answer it."""
    issued: datetime
    all_cases: bool
    """Whether all cases of each test were run, and not a sample."""
    tier: Tier
    criteria: tuple[Criterion, ...]
    checks: tuple[CheckResult, ...]
    figures: tuple[LookupFigures, ...]

    def count(self, outcome: str) -> int:
        """Number of tests with an outcome."""
        return sum(check.outcome == outcome for check in self.checks)

    def lost_since(self, old: Certificate) -> list[str]:
        """
        What an older certificate of the adapter has and this one has not: lookups, and ways to answer them.

        Raises:
            CertificateError: the older certificate is of another adapter.
        """
        if old.adapter != self.adapter:
            raise CertificateError(
                f"the older certificate is of the adapter {old.adapter!r}, not {self.adapter!r}"
            )
        lookups = sorted(set(old.capabilities) - set(self.capabilities))
        ways = sorted(set(old.access_paths) - set(self.access_paths))
        return [*(f"the lookup {name}" for name in lookups), *(f"the access path {name}" for name in ways)]


class Signature(_Part):
    """A signature of a certificate."""

    algorithm: Literal["Ed25519"] = "Ed25519"
    key: str
    """The public key, 32 bytes in base64. To verify the certificate, compare it with a key that you trust."""
    signature: str
    """Of the certificate as JSON with sorted keys and without blanks, in UTF-8; 64 bytes in base64."""


class SignedCertificate(_Part):
    """The file of a certificate."""

    certificate: Certificate
    signature: Signature | None = None
    """None if nobody signed it."""

    def text(self) -> str:
        """The file, as JSON."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"

    def verify(self, key: Ed25519PublicKey) -> Certificate:
        """
        Return the certificate if the owner of a key signed it as it is.

        Raises:
            CertificateError: nobody signed it, somebody else did, or it was changed.
        """
        if self.signature is None:
            raise CertificateError("the certificate is not signed")
        if self.signature.key != _text_of_key(key):
            raise CertificateError("the certificate was signed with another key")
        try:
            signature = base64.b64decode(self.signature.signature, validate=True)
            key.verify(signature, signed_bytes(self.certificate))
        except (ValueError, InvalidSignature):
            raise CertificateError("the certificate was changed after it was signed") from None
        return self.certificate


def signed_bytes(certificate: Certificate) -> bytes:
    """The bytes of a certificate that are signed."""
    values: Any = certificate.model_dump(mode="json")
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sign(certificate: Certificate, key: Ed25519PrivateKey | None) -> SignedCertificate:
    """Sign a certificate; without a key it stays unsigned."""
    if key is None:
        return SignedCertificate(certificate=certificate)
    signature = base64.b64encode(key.sign(signed_bytes(certificate))).decode()
    return SignedCertificate(
        certificate=certificate, signature=Signature(key=_text_of_key(key.public_key()), signature=signature)
    )


def _text_of_key(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def read_certificate(path: Path) -> SignedCertificate:
    """
    Return the certificate in a file.

    Raises:
        CertificateError: the file cannot be read, or is no certificate of this form.
    """
    content = _content_of(path)
    if len(content) > MAX_CERTIFICATE_BYTES:
        raise CertificateError(f"{path}: too large for a certificate")
    try:
        return SignedCertificate.model_validate_json(content)
    except ValidationError as exc:
        where = ".".join(map(str, exc.errors()[0]["loc"]))
        raise CertificateError(f"{path}: not a certificate of an adapter ({where or 'no JSON'})") from None


def read_public_key(path: Path) -> Ed25519PublicKey:
    """
    Return the public key in a PEM file.

    Raises:
        CertificateError: the file cannot be read, or holds no public key of Ed25519.
    """
    content = _content_of(path)
    try:
        key = load_pem_public_key(content)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise CertificateError(f"{path}: not a public key of Ed25519 in PEM (openssl pkey -in KEY -pubout)")
    return key


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """
    Return the private key in a PEM file without a password.

    Raises:
        CertificateError: the file cannot be read, or holds no private key of Ed25519.
    """
    content = _content_of(path)
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise CertificateError(f"{path}: not a private key of Ed25519 in PEM (openssl genpkey -algorithm ed25519)")
    return key


def _content_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise CertificateError(f"{path}: {exc.strerror or 'cannot be read'}") from None
