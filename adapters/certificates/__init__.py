"""Certificates of adapters: what the conformance suite found, the tier that follows, and who signed it."""

from student_graph.adapters.certificates.certificate import (
    Certificate,
    CertificateError,
    CheckResult,
    Criterion,
    LookupFigures,
    SignedCertificate,
    Tier,
)

__all__ = [
    "Certificate",
    "CertificateError",
    "CheckResult",
    "Criterion",
    "LookupFigures",
    "SignedCertificate",
    "Tier",
]
