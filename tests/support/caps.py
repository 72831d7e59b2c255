"""Messages of the Common Alerting Protocol for tests, and a sender that signs them.

The keys are the fixed ones of `tests/support/keys`; they protect nothing.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod, XMLSigner, methods

from headend.adapters import cap
from headend.domain.alert import Alert, Received, Signer
from tests.support import keys
from tests.support.house import MONDAY

FOLDER = Path(__file__).parent / "cap"
OASIS = ("homeland", "thunderstorm", "earthquake", "abduction")
SENDER = "pctt@hanoi.example"
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
NOW = MONDAY + timedelta(minutes=30)
LONG_AGO, FAR = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


def raw(name: str = "lu-quet") -> bytes:
    return (FOLDER / f"{name}.xml").read_bytes()


@cache
def flood() -> Alert:
    """The flash flood of lu-quet.xml: sent on Monday at 05:30, in force until 09:30."""
    return cap.read(raw(), NOW).alert


def vietnamese(alert: Alert | None = None, **changes: object) -> Alert:
    """The flood with its Vietnamese info only, this changed."""
    alert = alert or flood()
    return replace(alert, infos=(replace(alert.infos[1], **changes),))


def signed(alert: Alert, sender: str = SENDER) -> Received:
    """As if it had come with a good signature."""
    return Received(alert, Signer(sender, "00" * 32))


@cache
def private_key(name: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """One of the tests' fixed RSA keys, or `curve`, made anew."""
    return ec.generate_private_key(ec.SECP256R1()) if name == "curve" else keys.private_key(name)


@cache
def certificate(key: str = "plan", ends: datetime = FAR) -> x509.Certificate:
    """Self-signed, valid from 2020."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SENDER)])
    private = private_key(key)
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
            .serial_number(1).not_valid_before(LONG_AGO).not_valid_after(ends).sign(private, hashes.SHA256()))


def trusted(*certificates: x509.Certificate, sender: str = SENDER) -> cap.Trusted:
    """This sender's certificates, by default the one of the key `plan`."""
    return cap.Trusted({sender: certificates or (certificate(),)})


def keep(folder: Path, one: x509.Certificate, sender: str = SENDER) -> None:
    """A certificate as an operator lays it down."""
    (folder / sender).mkdir(parents=True)
    (folder / sender / "2026.pem").write_bytes(one.public_bytes(serialization.Encoding.PEM))


class _Careless(XMLSigner):
    """Signs with what is deprecated, too."""

    def check_deprecated_methods(self) -> None:
        pass


def sign(
    xml: bytes, key: str = "plan", method: str = "rsa-sha256", digest: str = "sha256", c14n: str = C14N
) -> bytes:
    """The message with an enveloped signature, as its last element."""
    how = SignatureMethod.from_fragment(method), DigestAlgorithm.from_fragment(digest), c14n
    signer = _Careless(methods.enveloped, *how)
    return etree.tostring(signer.sign(etree.fromstring(xml), key=private_key(key), cert=[certificate(key)]))
