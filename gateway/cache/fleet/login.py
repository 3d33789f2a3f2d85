"""Who a process is for Redis, and the certificates that it needs there."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class CertificateFileError(Exception):
    """A file with certificates or a key cannot be used. The text begins with the path of the file."""

    def __init__(self, name: str, file: Path, reason: str) -> None:
        """`name` is that of the field of `RedisLogin`."""
        super().__init__(f"{file}: {reason}")
        self.name = name


@dataclass(frozen=True, slots=True)
class RedisLogin:
    """A user of Redis, with the files (PEM) for connections by TLS."""

    user: str | None = None
    """Name in Redis' list of users (ACL); None for the user `default`."""
    password: str | None = field(default=None, repr=False)
    """None if Redis asks for none."""
    ca_file: Path | None = None
    """Certificates of authorities that may have signed that of Redis, in addition to those of this machine."""
    certificate_file: Path | None = None
    """The certificate that Redis wants to see; None if it wants none."""
    key_file: Path | None = None
    """The key of that certificate."""

    def connection_options(self) -> dict[str, Any]:
        """User and files as the client takes them. Each new connection reads the files again."""
        options = {
            "ssl_ca_certs": self.ca_file,
            "ssl_certfile": self.certificate_file,
            "ssl_keyfile": self.key_file,
        }
        files = {name: str(file) for name, file in options.items() if file is not None}
        return {"username": self.user, **files}

    def check_files(self) -> None:
        """
        Read the files as a connection does.

        Raises:
            CertificateFileError: a file cannot be read, or holds something else.
        """
        for name, file in self._files().items():
            try:
                file.open("rb").close()
            except OSError as exc:
                raise CertificateFileError(name, file, exc.strerror or "cannot be read") from None
        context = ssl.create_default_context()
        if self.ca_file is not None:
            try:
                context.load_verify_locations(self.ca_file)
            except ssl.SSLError:
                raise CertificateFileError("ca_file", self.ca_file, "holds no certificates (PEM)") from None
        if self.certificate_file is not None and self.key_file is not None:
            try:
                # Without a function, an encrypted key would ask for its password at the terminal.
                context.load_cert_chain(self.certificate_file, self.key_file, password=lambda: "")
            except ssl.SSLError:
                reason = f"is not a certificate (PEM) whose key is in {self.key_file}, not encrypted"
                raise CertificateFileError("certificate_file", self.certificate_file, reason) from None

    def _files(self) -> Mapping[str, Path]:
        files = {name: getattr(self, name) for name in ("ca_file", "certificate_file", "key_file")}
        return {name: file for name, file in files.items() if file is not None}
