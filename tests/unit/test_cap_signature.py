"""A signature makes a message somebody's, or the message is refused; nothing in between."""

import copy
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import pytest
from lxml import etree

from headend.adapters import cap
from headend.adapters.cap.signature import verified
from tests.support import caps

GOOD = caps.raw()
DS = "{http://www.w3.org/2000/09/xmldsig#}"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
TRUSTED = caps.trusted()


def doubtful(raw, trusted=TRUSTED, now=caps.NOW):
    with pytest.raises(cap.Doubtful) as why:
        cap.read(raw, now, trusted)
    told = str(why.value)
    assert len(told.splitlines()) == 1
    return told


@pytest.mark.parametrize("method", ["rsa-sha256", "rsa-sha384", "rsa-sha512", "sha256-rsa-MGF1"])
def test_a_good_signature_says_whose_it_is(method):
    received = cap.read(caps.sign(GOOD, method=method), caps.NOW, TRUSTED)
    assert received.alert == caps.flood()
    assert received.signer.sender == caps.SENDER
    assert len(received.signer.certificate_sha256) == 64


@pytest.mark.parametrize("method", ["ecdsa-sha256", "ecdsa-sha384"])
def test_a_signature_may_be_of_a_curve(method):
    trusted = caps.trusted(caps.certificate("curve"))
    raw = caps.sign(GOOD, "curve", method)
    assert cap.read(raw, caps.NOW, trusted).signer.sender == caps.SENDER
    assert "the signature is not good" in doubtful(raw)


@pytest.mark.parametrize(
    "c14n", ["http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11", caps.C14N]
)
def test_every_usual_canonical_form_is_taken(c14n):
    assert cap.read(caps.sign(GOOD, c14n=c14n), caps.NOW, TRUSTED).signer


def test_without_a_signature_nobody_stands_for_it():
    assert cap.read(GOOD, caps.NOW, TRUSTED).signer is None


def test_an_old_and_a_new_certificate_are_both_good():
    both = caps.trusted(caps.certificate("stranger"), caps.certificate("plan"))
    signers = {cap.read(caps.sign(GOOD, key), caps.NOW, both).signer for key in ("plan", "stranger")}
    assert len({one.certificate_sha256 for one in signers}) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"00577", b"00070"),
        ("ngay lên".encode(), "ngay xuống".encode()),
        (b"Extreme", b"Minor"),
        (b"09:30:00", b"23:30:00"),
        (b"<status>Actual", b"<status>Exercise"),
        (b"21.04,105.86", b"21.04,105.96"),
        (b"HN-2026-0302-01", b"HN-2026-0302-02"),
    ],
)
def test_a_signed_message_that_was_changed_is_refused(old, new):
    raw = caps.sign(etree.tostring(etree.fromstring(GOOD), encoding="UTF-8"))
    text = etree.tostring(etree.fromstring(raw), encoding="UTF-8")
    assert old in text
    assert CHANGED in doubtful(text.replace(old, new))


def test_a_stranger_s_signature_is_refused_though_it_is_well_made():
    """The certificate that a message brings along counts for nothing."""
    assert "not made with a key that is trusted here" in doubtful(caps.sign(GOOD, "stranger"))
    assert "no certificate of 'pctt@hanoi.example' is trusted" in doubtful(caps.sign(GOOD), cap.Trusted({}))


def test_a_certificate_speaks_for_no_other_sender():
    elsewhere = caps.trusted(sender="khac@hanoi.example")
    assert "no certificate of 'pctt@hanoi.example' is trusted" in doubtful(caps.sign(GOOD), elsewhere)


@pytest.mark.parametrize(("now", "told"), [(caps.FAR + timedelta(seconds=1), "has expired"),
                                           (caps.LONG_AGO - timedelta(seconds=1), "not yet valid")])
def test_a_certificate_counts_while_it_is_valid(now, told):
    assert told in doubtful(caps.sign(GOOD), now=now)


@pytest.mark.parametrize("how", [{"method": "rsa-sha1"}, {"digest": "sha1"}], ids=str)
def test_sha_1_is_no_signature_any_more(how):
    assert "SHA1 forbidden" in doubtful(caps.sign(GOOD, **how))


def test_a_signature_that_is_cut_off_leaves_an_unsigned_message():
    root = etree.fromstring(caps.sign(GOOD))
    root.remove(root.find(f"{DS}Signature"))
    assert cap.read(etree.tostring(root), caps.NOW, TRUSTED).signer is None


# Wrapping: a true signature, and something else to be read


def another(root):
    """The alert as somebody would like it to be read."""
    new = copy.deepcopy(root)
    for signature in new.findall(f"{DS}Signature"):
        new.remove(signature)
    new.find(f"{CAP}info/{CAP}headline").text = "Everybody out"
    return new


def around_the_signed(root):
    """A new alert, with the signed one as its child."""
    new = another(root)
    new.append(root)
    return new


def signed_inside_object(root):
    """The signed alert hidden in an Object of its own signature, a new one around."""
    new, signature = another(root), root.find(f"{DS}Signature")
    root.remove(signature)
    etree.SubElement(signature, f"{DS}Object").append(root)
    new.append(signature)
    return new


def signature_in_info(root):
    root.find(f"{CAP}info").append(root.find(f"{DS}Signature"))
    return root


def signature_twice(root):
    root.append(copy.deepcopy(root.find(f"{DS}Signature")))
    return root


def reference_by_id(root):
    """The digest of another element that carries an Id."""
    root.find(f"{DS}Signature/{DS}SignedInfo/{DS}Reference").set("URI", "#a")
    root.find(f"{CAP}info").set("Id", "a")
    return root


def second_reference(root):
    info = root.find(f"{DS}Signature/{DS}SignedInfo")
    info.append(copy.deepcopy(info.find(f"{DS}Reference")))
    return root


def another_transform(root):
    transforms = root.find(f"{DS}Signature/{DS}SignedInfo/{DS}Reference/{DS}Transforms")
    etree.SubElement(transforms, f"{DS}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116")
    return root


def empty_signature(root):
    root.replace(root.find(f"{DS}Signature"), etree.Element(f"{DS}Signature"))
    return root


def info_behind_the_signature(root):
    root.append(copy.deepcopy(root.find(f"{CAP}info")))
    return root


ONE, WHOLE = "one signature is expected, and in the alert itself", "the signature must cover the whole alert"
CHANGED = "the message was changed after it was signed"


@pytest.mark.parametrize(
    ("attack", "told"),
    [
        (around_the_signed, ONE),
        (signature_in_info, ONE),
        (signature_twice, ONE),
        (reference_by_id, WHOLE),
        (second_reference, WHOLE),
        (empty_signature, WHOLE),
        (another_transform, "only enveloped signatures"),
        (signed_inside_object, CHANGED),
        (info_behind_the_signature, CHANGED),
    ],
)
def test_what_was_not_signed_is_never_read(attack, told):
    assert told in doubtful(etree.tostring(attack(etree.fromstring(caps.sign(GOOD)))))


def test_what_is_read_is_what_went_into_the_digest():
    root = etree.fromstring(caps.sign(GOOD))
    told = root.findtext(f"{DS}Signature/{DS}SignedInfo/{DS}Reference/{DS}DigestValue")
    read, _ = verified(root, TRUSTED, caps.NOW)
    assert b64encode(sha256(etree.tostring(read, method="c14n", exclusive=True)).digest()).decode() == told


def test_a_comment_is_not_signed_and_is_no_part_of_what_is_read():
    raw = caps.sign(GOOD).replace(b"Flash flood", b"Flash<!-- no --> flood")
    assert cap.read(raw, caps.NOW, TRUSTED).alert == caps.flood()


# The folder of certificates


def test_certificates_lie_in_a_folder_by_sender(tmp_path):
    assert cap.Trusted.of(tmp_path / "nowhere").certificates == {}
    caps.keep(tmp_path, caps.certificate())
    assert cap.read(caps.sign(GOOD), caps.NOW, cap.Trusted.of(tmp_path)).signer.sender == caps.SENDER


def test_a_file_that_is_no_certificate_is_named(tmp_path):
    caps.keep(tmp_path, caps.certificate())
    (tmp_path / caps.SENDER / "x.pem").write_text("hello")
    with pytest.raises(ValueError, match=r"x\.pem: a certificate in PEM is expected"):
        cap.Trusted.of(tmp_path)
