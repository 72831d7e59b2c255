"""What comes in at the door as CAP: the standard's examples, what is malformed, and what was built to harm."""

import time

import pytest

from headend.adapters import cap
from headend.adapters.cap.door import MOST_BYTES, MOST_DEPTH, MOST_ELEMENTS, MOST_TOLD
from headend.adapters.cap.reading import MOST_AREAS, MOST_INFOS, MOST_POINTS
from headend.domain.alert import Circle, MsgType, Named, Reference, Severity, Status, Urgency
from headend.domain.siting import Spot
from tests.support import caps

GOOD = caps.raw()
ALERT = b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
ZONE = 'an instant with its zone like "2026-03-02T06:30:00+07:00" is expected (UTC is -00:00)'


def refused(raw):
    with pytest.raises(cap.BadCap) as why:
        cap.read(raw, caps.NOW)
    told = str(why.value)
    assert len(told.splitlines()) == 1
    return told


def changed(old, new):
    assert old in GOOD
    return GOOD.replace(old, new, 1)


# The four examples of the OASIS standard, appendix A


@pytest.mark.parametrize("name", caps.OASIS)
def test_an_example_of_the_standard_is_read_and_written_back_the_same(name):
    alert = cap.read(caps.raw(f"oasis-{name}"), caps.NOW).alert
    assert (alert.status, alert.identifier in caps.raw(f"oasis-{name}").decode()) == (Status.ACTUAL, True)
    assert cap.read(cap.write(alert), caps.NOW).alert == alert


def test_the_homeland_advisory():
    info = cap.read(caps.raw("oasis-homeland"), caps.NOW).alert.infos[0]
    assert (info.language, info.headline) == ("en-US", "Homeland Security Sets Code ORANGE")
    assert info.instruction.startswith("A High Condition is declared")
    assert info.parameters == (Named("HSAS", "ORANGE"),)
    assert [(one.mime_type, one.uri) for one in info.resources] == [
        ("image/gif", "http://www.dhs.gov/dhspublic/getAdvisoryImage")
    ]


def test_the_severe_thunderstorm():
    info = cap.read(caps.raw("oasis-thunderstorm"), caps.NOW).alert.infos[0]
    assert (info.severity, info.urgency, info.responses) == (Severity.SEVERE, Urgency.IMMEDIATE, ("Shelter",))
    assert info.expires_at.isoformat() == "2003-06-17T16:00:00-07:00"
    area = info.areas[0]
    assert area.polygons[0][:2] == (Spot(38.47, -120.14), Spot(38.34, -119.95))
    assert [one.value for one in area.geocodes] == ["006109", "006009", "006003"]


def test_the_earthquake_updates_an_earlier_report():
    alert = cap.read(caps.raw("oasis-earthquake"), caps.NOW).alert
    assert alert.msg_type is MsgType.UPDATE
    (reference,) = alert.references
    assert (reference.sender, reference.identifier) == ("trinet@caltech.edu", "TRI13970876.1")
    assert reference.sent_at.isoformat() == "2003-06-11T20:30:00-07:00"
    assert alert.infos[0].areas[0].circles == (Circle(Spot(32.9525, -115.5527), 0.0),)


def test_the_abducted_child_in_two_languages():
    alert = cap.read(caps.raw("oasis-abduction"), caps.NOW).alert
    assert [(one.language, one.event) for one in alert.infos] == [
        ("en-US", "Child Abduction"),
        ("es-US", "Abducción de Niño"),
    ]


# What is not as the standard says, each with its place


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"<scope>Public</scope>", b"", "alert/info[1]: This element is not expected. Expected is"),
        (b"<status>Actual", b"<status>Real", "alert/status: The value 'Real' is not an element of the set {'Actual'"),
        (b"<category>Met", b"<category>Rain", "alert/info[1]/category[1]: The value 'Rain' is not"),
        (b"<identifier>HN-2026-0302-01", b"<identifier>", "alert: identifier is missing or empty"),
        (b"<identifier>HN-", b"<identifier>HN ", "alert: identifier must have no spaces, commas, < and &"),
        (b"<sender>pctt@", b"<sender>a,b@", "alert: sender must have no spaces, commas, < and &"),
        (b"<event>L\xc5\xa9 qu\xc3\xa9t", b"<event> ", "alert/info[2]: event is missing or empty"),
        (b"05:30:00+07:00", b"05:30:00", f"alert/sent: {ZONE}"),
        (b"05:30:00+07:00", b"05:30:00Z", f"alert/sent: {ZONE}"),
        (b"05:30:00+07:00", b"05:30+07:00", f"alert/sent: {ZONE}"),
        (b"<sent>2026-03-02", b"<sent>2026-02-30", f"alert/sent: {ZONE}"),
        (b"<sent>2026-03-02T05", b"<sent>2026-03-02T24", f"alert/sent: {ZONE}"),
        (b"<sent>2026", b"<sent>1969", f"alert/sent: {ZONE}, not '1969-03-02T05:30:00+07:00'"),
        (b"<sent>2026", b"<sent>9999", f"alert/sent: {ZONE}, not '9999"),
        (b"<expires>2026-03-02T09:30:00+07:00", b"<expires>tomorrow", f"alert/info[1]/expires: {ZONE}"),
        (b"<msgType>Alert", b"<msgType>Cancel", "alert: references are missing: Cancel says which message"),
        (b"<scope>Public", b"<scope>Private", "alert: addresses are missing"),
        (b" 21.02,105.84</polygon>", b"</polygon>", "alert/info[1]/area[1]/polygon[1]: at least four corners"),
        (b"21.04,105.84 ", b"21.04;105.84 ", "polygon[1]: latitude,longitude is expected, not '21.04;105.84'"),
        (b"21.04,105.84 ", b"21.04,NaN ", "polygon[1]: a decimal number is expected, not 'NaN'"),
        (b"21.04,105.84 ", b"1e1,105.84 ", "polygon[1]: a decimal number is expected, not '1e1'"),
        (b"21.04,105.84 ", b"105.84,21.04 ", "polygon[1]: latitude and longitude in degrees are expected"),
        (b"</headline>", b"</headline><colour>red</colour>", "alert/info[1]/colour: This element is not expected"),
        (b"<event>Flash", b"<event lang='en'>Flash", "alert/info[1]/event: The attribute 'lang' is not allowed"),
        (b"</polygon>", b"</polygon><ceiling>900</ceiling>", "alert/info[1]/area[1]: a ceiling needs an altitude"),
        (b"</polygon>", b"</polygon><circle>21.03,105.85</circle>", "circle[1]: a point and a radius in km"),
        (b"</polygon>", b"</polygon><circle>21.03,105.85 -1</circle>", "circle[1]: a radius is not negative"),
        (b"<headline>", b"<effective>2026-03-02T10:00:00+07:00</effective><headline>", "alert/info[1]/effective"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old, new, told):
    assert told in refused(changed(old, new))


def test_a_stranger_s_words_make_no_second_line_and_no_long_one():
    told = refused(changed(b"<language>en-US", "<language>x\nalert: fine \u009b2J".encode() + b"9" * 5000))
    assert told.startswith("alert/info[1]/language: 'x alert: fine 2J999")
    assert len(told) == MOST_TOLD + 1


def test_an_end_before_the_beginning_is_refused():
    raw = changed(b"<expires>", b"<effective>2026-03-02T10:00:00+07:00</effective><expires>")
    assert refused(raw) == "alert/info[1]: expires lies before effective"


@pytest.mark.parametrize("wrong", ["a@b", "a@b,1", "a@b,1,2026-03-02", "a@b,,2026-03-02T06:30:00+07:00", "a,b,c,d"])
def test_a_reference_has_three_parts(wrong):
    raw = changed(b"<msgType>Alert</msgType>\n  <scope>Public</scope>",
                  f"<msgType>Update</msgType><scope>Public</scope><references>{wrong}</references>".encode())
    assert "alert/references: " in refused(raw)


def test_a_message_may_refer_to_several():
    one, two = "a@b,1,2026-03-02T05:00:00+07:00", "a@b,2,2026-03-01T22:10:00-00:00"
    raw = changed(b"<msgType>Alert</msgType>\n  <scope>Public</scope>",
                  f"<msgType>Cancel</msgType><scope>Public</scope><references>{one}\n {two}</references>".encode())
    alert = cap.read(raw, caps.NOW).alert
    assert [(one.identifier, one.sent_at.isoformat()) for one in alert.references] == [
        ("1", "2026-03-02T05:00:00+07:00"),
        ("2", "2026-03-01T22:10:00+00:00"),
    ]
    assert alert.references[0] == Reference("a@b", "1", alert.references[0].sent_at)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "the file: not well-formed XML: no element found"),
        (b"{}", "the file: not well-formed XML"),
        (GOOD[:-9], "the file: not well-formed XML"),
        (GOOD + b"<alert/>", "the file: not well-formed XML: junk after document element"),
        (b"<feed/>", "an alert of the namespace urn:oasis:names:tc:emergency:cap:1.2 is expected, not feed"),
        (GOOD.replace(b"cap:1.2", b"cap:1.1"), "is expected, not {urn:oasis:names:tc:emergency:cap:1.1}alert"),
        (GOOD.replace(b' xmlns="urn:oasis:names:tc:emergency:cap:1.2"', b""), "is expected, not alert"),
        (changed(b"<event>", b'<event xmlns="urn:other">'), "alert/info[1]/event: This element is not expected"),
        (changed(b"<info>", b'<x:info xmlns:x="urn:x"/><info>'), "alert, line 9: This element is not expected"),
    ],
)
def test_what_is_no_cap_is_said_so(raw, told):
    assert told in refused(raw)


def test_a_comment_parts_no_word():
    alert = cap.read(changed(b"<event>Flash flood", b"<event>Flash<!-- or not --> flood"), caps.NOW).alert
    assert alert.infos[0].event == "Flash flood"


# What was built to harm

BOMB = b'<!DOCTYPE a [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)) + b"]>"


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE alert [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd"> %x;]>',
        b'<!DOCTYPE alert SYSTEM "http://127.0.0.1:1/x.dtd">',
        b"<!DOCTYPE alert>",
        BOMB,
    ],
    ids=["file", "parameter", "external", "plain", "laughs"],
)
def test_no_document_type_is_taken(doctype):
    raw = GOOD.replace(ALERT, doctype + ALERT).replace(b"<event>Flash", b"<event>&x;&j;")
    assert refused(raw) == "the file: document types and entities are not taken (they can be built to harm)"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (GOOD + b" " * MOST_BYTES, f"the file: larger than {MOST_BYTES} bytes"),
        (ALERT + b"<a>" * MOST_DEPTH, f"the file: elements lie more than {MOST_DEPTH} deep"),
        (ALERT + b"<a/>" * MOST_ELEMENTS, f"the file: more than {MOST_ELEMENTS} elements"),
        (changed(b"<info>", b"<info><event>x</event></info>" * MOST_INFOS + b"<info>"), "alert/info[1]"),
    ],
    ids=["bytes", "depth", "elements", "infos out of order"],
)
def test_what_is_too_much_is_refused_at_once(raw, told):
    began = time.process_time()
    assert told in refused(raw)
    assert time.process_time() - began < 2


def test_there_is_an_end_to_infos_areas_and_points():
    info = GOOD[GOOD.index(b"<info>"): GOOD.index(b"</info>") + 7]
    area = info[info.index(b"<area>"): info.index(b"</area>") + 7]
    assert refused(changed(info, info * MOST_INFOS)) == f"alert: more than {MOST_INFOS} elements info"
    assert refused(changed(area, area * MOST_AREAS)) == f"alert: more than {MOST_AREAS} elements area"
    many = b"21.02,105.84 " * MOST_POINTS
    assert refused(changed(b"21.02,105.84 ", many)) == f"alert: more than {MOST_POINTS} points"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-7", "iso-8859-1", "utf-32"])
def test_another_encoding_than_utf_8_is_refused(encoding):
    """Two parsers could read two messages from one."""
    text = GOOD.decode().replace("UTF-8", encoding.upper())
    assert "UTF-8" in refused(text.encode(encoding, "xmlcharrefreplace"))


def test_a_byte_order_mark_is_no_harm():
    assert cap.read(b"\xef\xbb\xbf" + GOOD, caps.NOW).alert == caps.flood()


def test_no_schema_that_a_message_names_is_asked():
    raw = changed(b"emergency:cap:1.2\"", b'emergency:cap:1.2" xmlns:x="http://www.w3.org/2001/XMLSchema-instance" '
                  b'x:schemaLocation="urn:oasis:names:tc:emergency:cap:1.2 file:///dev/zero"')
    assert cap.read(raw, caps.NOW).alert == caps.flood()


# Out


def test_what_can_not_be_read_back_is_not_written():
    for changes in ({"event": "Lũ\x00"}, {"event": " Lũ "}, {"event": ""}, {"categories": ("Rain",)},
                    {"language": "tiếng Việt"}, {"headline": ""}, {"expires_at": caps.NOW.replace(microsecond=1)}):
        with pytest.raises(cap.BadCap):
            cap.write(caps.vietnamese(**changes))


def test_utc_is_written_as_the_standard_wants_it():
    alert = caps.vietnamese(expires_at=caps.NOW.astimezone(tz=None).astimezone(caps.LONG_AGO.tzinfo))
    assert b"<expires>2026-03-01T23:00:00-00:00</expires>" in cap.write(alert)
