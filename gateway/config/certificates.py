"""Which certificates the adapters of a gateway need, and how they are checked before it starts."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from student_graph.adapters.certificates.certificate import (
    Certificate,
    CertificateError,
    Tier,
    read_certificate,
    read_public_key,
)
from student_graph.adapters.contract import Adapter
from student_graph.adapters.registry import ENTRY_POINT_GROUP, SettingsError, declared_contract, find_adapter
from student_graph.gateway.config.sections import Section


class CertificatesConfig(Section):
    """The certificates that the adapters of all sources need."""

    tier: Literal["bronze", "silver", "gold", "platinum"] | None = None
    """The tier that each adapter must have reached at least; None if no certificates are needed."""
    directory: Path = Path("certificates")
    """Folder with a certificate for each adapter, named after it: `canvas.json`."""
    keys: tuple[str, ...] = ()
    """Files with public keys of Ed25519 (PEM). A certificate counts if one of their owners signed it."""


def certificate_problem(config: CertificatesConfig, kind: str, folder: Path) -> str | None:
    """
    Why a source with an adapter of this kind is refused; None if its certificate is valid and of the tier.

    `folder` is that of the settings file.
    """
    if config.tier is None:
        return None
    file = folder / config.directory / f"{kind}.json"
    try:
        adapter = find_adapter(kind)
        certificate = _verified(file, [read_public_key(folder / key) for key in config.keys])
    except (CertificateError, SettingsError) as exc:
        return f"the adapter {kind!r} needs a certificate of the tier {config.tier}: {exc}"
    if difference := _difference(certificate, kind, adapter):
        return f"the adapter {kind!r} is not the one that {file} certifies: {difference}"
    if certificate.tier.rank < Tier(config.tier).rank:
        return f"the adapter {kind!r} reached the tier {certificate.tier}; certificates.tier needs {config.tier}"
    return None


def _verified(file: Path, keys: Iterable[Ed25519PublicKey]) -> Certificate:
    signed, problem = read_certificate(file), "certificates.keys names no key"
    for key in keys:
        try:
            return signed.verify(key)
        except CertificateError as exc:
            problem = str(exc)
    raise CertificateError(f"{file}: {problem}")


def _difference(certificate: Certificate, kind: str, adapter: type[Adapter]) -> str | None:
    """How the installed adapter differs from the certified one; None if it does not."""
    installed = _installed_version(kind)
    lookups = {lookup.name for lookup in adapter.capabilities()} - set(certificate.capabilities)
    if certificate.adapter != kind:
        return f"it is for {certificate.adapter!r}"
    if certificate.version != installed:
        return f"version {installed} is installed, and {certificate.version} certified"
    if certificate.contract != declared_contract(adapter):
        return f"it was certified for contract {certificate.contract}"
    return f"the lookup {min(lookups)} was not certified" if lookups else None


def _installed_version(kind: str) -> str | None:
    point = next(iter(entry_points(group=ENTRY_POINT_GROUP, name=kind)), None)
    return point.dist.version if point is not None and point.dist is not None else None
