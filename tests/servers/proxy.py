"""Caddy (Debian's package) with the configuration of the project, which encrypts before an app."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.servers.started import REQUIRED, listens, running

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "Caddyfile"


@contextmanager
def proxied(folder: Path, port: int, app: int, serve: int) -> Iterator[str]:
    """The address under which a proxy with a certificate of its own passes on what comes.

    ``port``: where it listens; ``app``, ``serve``: where those behind it do. The certificate is
    ``folder / "tls.pem"``. Skips where Caddy is not installed and need not be.
    """
    caddy = shutil.which("caddy")
    if caddy is None and not REQUIRED:
        pytest.skip("Caddy is not installed")
    assert caddy is not None
    certify(folder)
    given = {
        "PMED_SITE": f"https://localhost:{port}", "PMED_APP": f"127.0.0.1:{app}",
        "PMED_TLS": f"{folder / 'tls.pem'} {folder / 'tls.key'}",
        "PMED_SERVE": f"127.0.0.1:{serve}", "HOME": str(folder), "PATH": os.environ["PATH"],
    }  # fmt: skip
    assigned = [f"{key}={value}" for key, value in given.items()]
    command = [
        "env", "-i", *assigned, caddy, "run", "--adapter", "caddyfile", "--config",
        str(CONFIGURATION),
    ]  # fmt: skip
    with running(command, lambda: listens(port), log=folder / "caddy.log"):
        yield f"https://localhost:{port}"


def certify(folder: Path) -> None:
    """Write a key, and a certificate for this machine that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pmed tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    (folder / "tls.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
