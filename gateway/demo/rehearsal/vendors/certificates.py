"""Certificates of a vendor over HTTPS: an authority of the rehearsal's own, a valid one, and an expired one."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.x509.oid import NameOID

AUTHORITY, VALID, EXPIRED, PRESENT = "authority.pem", "valid.pem", "expired.pem", "present"
"""Files of a folder of certificates; `present` has the name of the one that the vendor shows now."""
CHUNK_BYTES = 1 << 16
WATCH_SECONDS = 0.2


def write_certificates(folder: Path) -> None:
    """Write the authority, a valid and an expired certificate with their keys; the valid one is shown first."""
    now = datetime.now(UTC)
    authority_key = generate_private_key(SECP256R1())
    name = _name("Certificate authority of the rehearsal")
    authority = (
        _certificate(name, name, authority_key, now - timedelta(days=60), now + timedelta(days=60))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    (folder / AUTHORITY).write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    for file, until in ((VALID, now + timedelta(days=30)), (EXPIRED, now - timedelta(days=1))):
        key = generate_private_key(SECP256R1())
        certificate = (
            _certificate(_name("Vendor of the rehearsal"), name, key, now - timedelta(days=30), until)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
            .sign(authority_key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / file).write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    show(folder, VALID)


def show(folder: Path, certificate: str) -> None:
    """Let the vendor show this certificate from now on, on new connections; those that are open are closed."""
    new = folder / f"{PRESENT}.new"
    new.write_text(certificate, encoding="ascii")
    new.replace(folder / PRESENT)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


@contextlib.contextmanager
def serve_tls(loop: asyncio.AbstractEventLoop, url: str, certificates: Path) -> Iterator[str]:
    """Serve what is at a plain address over TLS, on the event loop of another thread; yields its address."""
    front = _TlsFront(urlsplit(url).port or 0, certificates)
    port = asyncio.run_coroutine_threadsafe(front.start(), loop).result()
    yield f"https://127.0.0.1:{port}"  # it ends with the loop


class _TlsFront:
    """Decrypts connections and passes them on to a port of this machine."""

    def __init__(self, port: int, certificates: Path) -> None:
        self._port, self._certificates = port, certificates
        self._shown = VALID
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    async def start(self) -> int:
        """Start to listen; returns the port."""
        self._context.load_cert_chain(self._certificates / self._shown)
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._context)
        self._tasks.append(asyncio.create_task(self._watch()))
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _watch(self) -> None:
        """Load the certificate that is to be shown whenever it is another one."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            requested = (self._certificates / PRESENT).read_text(encoding="ascii")
            if requested != self._shown:
                self._shown = requested
                self._context.load_cert_chain(self._certificates / requested)
                for writer in self._writers:
                    writer.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            vendor_reader, vendor_writer = await asyncio.open_connection("127.0.0.1", self._port)
            await asyncio.gather(_copy(reader, vendor_writer), _copy(vendor_reader, writer))
        except OSError:
            writer.close()
        finally:
            self._writers.discard(writer)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what one side sends, until it closes."""
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()
