"""Who signed a message: an enveloped XML signature (XML-DSig), checked against certificates that lie in a folder.

`<folder>/<sender>/*.pem` are the certificates with which this sender (CAP's `sender`, to the letter) may sign: a
certificate speaks for nobody else. To revoke one is to delete it. The certificate that a message brings along counts
for nothing.

What was verified is what is read: of a signed message only the canonical bytes that went into the digest are parsed
again and read (signxml's `signed_xml`), and only where one signature covers the whole of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.exceptions import InvalidDigest, InvalidSignature, SignXMLException

from headend.adapters.cap.door import SIGNATURE, Turned, place_of
from headend.domain.alert import Signer

DS = "{http://www.w3.org/2000/09/xmldsig#}"
METHODS = frozenset({
    SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512,
    SignatureMethod.SHA256_RSA_MGF1, SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384,
})
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
# Only what leaves the meaning as it is: no XPath, XSLT or base64, which choose what is signed.
TRANSFORMS = {
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
}


class Doubtful(Turned):
    """A signature is there and is not right. Nothing of such a message is believed."""


@dataclass(frozen=True)
class Trusted:
    """Certificates by sender."""

    certificates: Mapping[str, tuple[x509.Certificate, ...]]

    @staticmethod
    def of(folder: Path) -> "Trusted":
        """What lies in a folder; ValueError with the file's name where one is no certificate. No folder: nobody."""
        found: dict[str, list[x509.Certificate]] = {}
        for path in sorted(folder.glob("*/*.pem")):
            try:
                found.setdefault(path.parent.name, []).extend(x509.load_pem_x509_certificates(path.read_bytes()))
            except ValueError as why:
                raise ValueError(f"{path}: a certificate in PEM is expected") from why
        return Trusted({name: tuple(them) for name, them in found.items()})


NOBODY = Trusted({})


def verified(root: etree._Element, trusted: Trusted, now: datetime) -> tuple[etree._Element, Signer | None]:
    """What may be read of a message, and who signed it: the tree itself and None where it has no signature.

    `now` is when certificates have to be valid. Raises Doubtful.
    """
    signatures = list(root.iter(SIGNATURE))
    if not signatures:
        return root, None
    _check_shape(root, signatures)
    claimed = (root.findtext("{*}sender") or "").strip()
    reason = f"no certificate of {claimed!r} is trusted here"
    for one in trusted.certificates.get(claimed, ()):
        try:
            signed = _signed_by(root, one, now)
        except Exception as why:  # a library that stumbles over a stranger's bytes has not verified them
            reason = _told(why)
            continue
        # The sender is read from what was signed, not from what lay around it.
        if (signed.findtext("{*}sender") or "").strip() == claimed:
            return signed, Signer(claimed, one.fingerprint(hashes.SHA256()).hex())
    raise Doubtful(f"{place_of(signatures[0])}: the signature is not good: {reason}")


def _check_shape(root: etree._Element, signatures: list[etree._Element]) -> None:
    """One signature, in the alert itself, over all of it: what wrapping needs is anything else."""
    first = signatures[0]
    if len(signatures) > 1 or first.getparent() is not root:
        raise Doubtful(f"{place_of(signatures[-1])}: one signature is expected, and in the alert itself")
    references = list(first.iter(f"{DS}Reference"))
    if len(references) != 1 or references[0].get("URI") != "":
        raise Doubtful(f"{place_of(first)}: the signature must cover the whole alert (one Reference with an empty URI)")
    algorithms = [one.get("Algorithm") for one in references[0].iter(f"{DS}Transform")]
    if not set(algorithms) <= TRANSFORMS:
        raise Doubtful(f"{place_of(first)}: only enveloped signatures with canonical XML are taken")


def _signed_by(root: etree._Element, certificate: x509.Certificate, now: datetime) -> etree._Element:
    """The alert as it was signed, without its signature."""
    expected = SignatureConfiguration(location="./", expect_references=1, signature_methods=METHODS,
                                      digest_algorithms=DIGESTS, verification_time=now)
    signed = XMLVerifier().verify(root, x509_cert=certificate, expect_config=expected).signed_xml
    if signed is None or signed.tag != root.tag or next(signed.iter(SIGNATURE), None) is not None:
        raise ValueError("it covers something else than the alert")
    return signed


def _told(why: Exception) -> str:
    if isinstance(why, InvalidDigest):
        return "the message was changed after it was signed"
    if type(why) is InvalidSignature:
        return "it was not made with a key that is trusted here"
    text = str(why) if isinstance(why, SignXMLException | ValueError) and str(why) else "it can not be checked"
    return text.splitlines()[0].split(". Use ")[0].rstrip(". :")
