"""The private authority of a station: certificates for its broker and its poles."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from headend.adapters.broker.certs import Authority

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority", NOW)


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def verified(authority, certificate, at):
    builder = PolicyBuilder().store(Store([load(authority.certificate)])).time(at)
    return builder.build_server_verifier(x509.DNSName("broker.example")).verify(load(certificate), [])


def test_a_server_is_known_by_each_of_its_names(authority):
    server = authority.issue_server("broker", ["broker.example", "192.0.2.7"])
    assert len(verified(authority, server.certificate, NOW)) == 2
    names = load(server.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.7"]


def test_a_certificate_ends_and_a_slow_clock_is_forgiven_for_a_day(authority):
    server = authority.issue_server("broker", ["broker.example"])
    verified(authority, server.certificate, NOW - timedelta(hours=23))
    for wrong in (NOW - timedelta(hours=25), NOW + timedelta(days=731)):
        with pytest.raises(VerificationError):
            verified(authority, server.certificate, wrong)


def test_a_certificate_of_another_authority_is_refused(authority, tmp_path):
    foreign = Authority(tmp_path / "foreign", NOW).issue_server("broker", ["broker.example"])
    with pytest.raises(VerificationError):
        verified(authority, foreign.certificate, NOW)


def test_a_pole_can_not_pass_for_a_broker(authority):
    pole = load(authority.issue_client("pole-1").certificate)
    usage = pole.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert pole.subject.rfc4514_string() == "CN=pole-1"


def test_asking_again_gives_the_same_certificate(authority):
    first = authority.issue_client("pole-1").certificate.read_bytes()
    again = Authority(authority.folder, NOW).issue_client("pole-1").certificate.read_bytes()
    assert again == first


def test_keys_are_private_and_micropython_can_read_them(authority):
    pole = authority.issue_client("pole-1")
    keys = sorted(authority.folder.glob("*.key*"))
    assert len(keys) == 4
    assert {oct(file.stat().st_mode & 0o777) for file in keys} == {"0o600"}
    der = load_der_private_key((authority.folder / "pole-1.key.der").read_bytes(), None)
    assert isinstance(der, ec.EllipticCurvePrivateKey) and der.curve.name == "secp256r1"
    pem = pole.certificate.read_text()
    assert ssl.PEM_cert_to_DER_cert(pem) == (authority.folder / "pole-1.crt.der").read_bytes()
