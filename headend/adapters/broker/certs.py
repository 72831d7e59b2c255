"""A private certificate authority for brokers and poles: elliptic curve P-256, one folder of files.

Every certificate and key is written as PEM and, for MicroPython, as DER: NAME.crt, NAME.key, NAME.crt.der,
NAME.key.der.
"""

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY = "authority"
AUTHORITY_LIFE = timedelta(days=3650)
LIFE = timedelta(days=730)
# A pole's clock may be behind when it first sees a certificate.
BACKDATED = timedelta(days=1)


@dataclass(frozen=True)
class Credentials:
    """The PEM files of a certificate and its private key."""

    certificate: Path
    key: Path


class Authority:
    """The authority that keeps its files in `folder`; made there on first use."""

    def __init__(self, folder: Path, now: datetime | None = None):
        self.folder = folder
        self.now = now or datetime.now(UTC)
        files = Credentials(folder / f"{AUTHORITY}.crt", folder / f"{AUTHORITY}.key")
        self.certificate = files.certificate
        if not files.key.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._make()
        self._key = load_pem_private_key(files.key.read_bytes(), None)
        self._own = x509.load_pem_x509_certificate(files.certificate.read_bytes())

    def issue_server(self, name: str, hosts: Iterable[str]) -> Credentials:
        """A certificate for a server on `hosts` (names or addresses); made once, then found again."""
        names = x509.SubjectAlternativeName([host_name(host) for host in hosts])
        return self._issue(name, ExtendedKeyUsageOID.SERVER_AUTH, [names])

    def issue_client(self, name: str) -> Credentials:
        """A certificate for a client with this common name; made once, then found again."""
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, [])

    def _issue(self, name: str, usage: x509.ObjectIdentifier, extensions: list) -> Credentials:
        files = Credentials(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        if files.certificate.exists():
            return files
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(name, key, LIFE).issuer_name(self._own.subject)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        self._write(name, builder.sign(self._key, SHA256()), key)
        return files

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder("Loa private authority", key, AUTHORITY_LIFE)
        builder = builder.issuer_name(common_name("Loa private authority"))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = dict.fromkeys(
            (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        builder = builder.add_extension(
            x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True
        )
        self._write(AUTHORITY, builder.sign(key, SHA256()), key)

    def _builder(
        self, name: str, key: ec.EllipticCurvePrivateKey, life: timedelta
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(common_name(name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - BACKDATED)
            .not_valid_after(self.now + life)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    def _write(self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        """The certificate last: where it is, all is."""
        for suffix, encoding in ((".key.der", Encoding.DER), (".key", Encoding.PEM)):
            raw = key.private_bytes(encoding, PrivateFormat.TraditionalOpenSSL, NoEncryption())
            with open(os.open(self.folder / (name + suffix), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(raw)
        for suffix, encoding in ((".crt.der", Encoding.DER), (".crt", Encoding.PEM)):
            (self.folder / (name + suffix)).write_bytes(certificate.public_bytes(encoding))


def common_name(text: str) -> x509.Name:
    """A subject that is only a common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def host_name(host: str) -> x509.GeneralName:
    """An address or a DNS name, as certificates write them."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
