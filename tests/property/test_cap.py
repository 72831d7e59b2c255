"""Whatever a message says, it is read back as it was written; whatever bytes come, they are a message or refused."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from headend.adapters import cap
from headend.domain import alert as rules
from headend.domain.alert import (
    Alert,
    Area,
    Becomes,
    Certainty,
    Circle,
    Info,
    MsgType,
    Named,
    Reference,
    Resource,
    Scope,
    Severity,
    Status,
    Urgency,
)
from headend.domain.alert_words import MOST_LETTERS, spoken
from headend.domain.siting import Spot
from tests.support import caps

CATEGORIES = ["Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE"]
CATEGORIES += ["Other"]
RESPONSES = ["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"]
XML = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff", include_characters="\t\n\r")
TEXT = st.text(XML, min_size=1, max_size=40).map(str.strip).filter(bool)
MAYBE = st.none() | TEXT
NAME = st.from_regex(r"[!-%'-+\--;=-~à-ỹ]{1,20}", fullmatch=True)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANT = st.datetimes(datetime(1971, 1, 1), datetime(2999, 1, 1), timezones=ZONES)
INSTANT = INSTANT.map(lambda at: at.replace(microsecond=0))
LATER = st.none() | INSTANT
NUMBER = st.decimals(0, 10_000, places=3).map(float)
SPOT = st.builds(Spot, st.decimals(-90, 90, places=6).map(float), st.decimals(-180, 180, places=6).map(float))
POLYGON = st.lists(SPOT, min_size=3, max_size=8).map(lambda corners: (*corners, corners[0]))
NAMED = st.lists(st.builds(Named, TEXT, TEXT), max_size=2).map(tuple)
RESOURCE = st.builds(Resource, TEXT, TEXT, st.none() | st.integers(0, 10**12), uri=st.just("http://a/b?c=d"),
                     deref_uri=MAYBE, digest=MAYBE)


def some(strategy, least=0):
    return st.lists(strategy, min_size=least, max_size=2).map(tuple)


AREA = st.builds(Area, TEXT, some(POLYGON), some(st.builds(Circle, SPOT, NUMBER)), NAMED, NUMBER, st.none() | NUMBER)
INFO = st.builds(
    Info, some(st.sampled_from(CATEGORIES), 1), TEXT, st.sampled_from(Urgency), st.sampled_from(Severity),
    st.sampled_from(Certainty), st.sampled_from(["vi", "vi-VN", "en-US", "fr"]), some(st.sampled_from(RESPONSES)),
    MAYBE, NAMED, st.none(), LATER, LATER, MAYBE, MAYBE, MAYBE, MAYBE, st.none(), MAYBE, NAMED,
    some(RESOURCE), some(AREA),
)
ALERT = st.builds(
    Alert, NAME, NAME, INSTANT, st.sampled_from(Status), st.sampled_from(MsgType), st.sampled_from(Scope), MAYBE, MAYBE,
    TEXT, some(TEXT), MAYBE, some(st.builds(Reference, NAME, NAME, INSTANT), 1), MAYBE, some(INFO),
)
GOOD = caps.raw()
SIGNED = caps.sign(GOOD)
SLOW = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)


@SLOW
@given(ALERT)
def test_a_message_is_read_as_it_was_written(alert):
    assert cap.read(cap.write(alert), datetime.now(UTC)).alert == alert


@SLOW
@given(ALERT, INSTANT)
def test_no_message_is_anything_but_one_of_four_things_and_its_words_fit(alert, now):
    kind, reason = rules.becomes(alert, now)
    assert (kind is Becomes.NOTHING) == bool(reason)
    if kind in (Becomes.EMERGENCY, Becomes.DRILL):
        assert alert.status is (Status.ACTUAL if kind is Becomes.EMERGENCY else Status.EXERCISE)
    assert len(spoken(alert, rules.spoken_infos(alert, now), kind)) <= MOST_LETTERS


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60), st.integers(0, len(SIGNED)), st.integers(0, 60))
def test_bytes_are_a_message_or_refused(inserted, at, gone):
    """A signed message of which some bytes were replaced is never read as signed, unless it says the same."""
    raw = SIGNED[:at] + inserted + SIGNED[at + gone :]
    try:
        received = cap.read(raw, caps.NOW, caps.trusted())
    except (cap.BadCap, cap.Doubtful):
        return
    assert received.signer is None or received.alert == caps.flood()


JUNK = st.sampled_from(["", "NaN", "-0", "9" * 5000, "1,1", "vi", "\u0085", "]]>", "2026-03-02T05:30:00+14:00"])
MESSAGES = [GOOD, SIGNED, *(caps.raw(f"oasis-{name}") for name in caps.OASIS)]
HOWS = st.sampled_from(["say", "remove", "repeat", "move", "rename"])


def tampered(raw, how, which, where, text):
    """One element of a message said otherwise, gone, repeated, moved or named in a namespace of its own."""
    root = etree.fromstring(raw)
    elements = list(root.iter())[1:]
    one, other = elements[which % len(elements)], elements[where % len(elements)]
    if how == "say":
        one.text = text
    elif how == "rename":
        one.getparent().replace(one, etree.Element("{urn:x}info", nsmap={"x": "urn:x"}))
    elif how == "remove":
        one.getparent().remove(one)
    else:
        (one.getparent() if how == "repeat" else other).append(deepcopy(one))
    return etree.tostring(root)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(MESSAGES), HOWS, st.integers(0, 99), st.integers(0, 99), JUNK)
def test_a_message_that_was_tampered_with_is_refused_in_one_line_or_read(raw, how, which, where, text):
    try:
        received = cap.read(tampered(raw, how, which, where, text), caps.NOW, caps.trusted())
    except (cap.BadCap, cap.Doubtful) as why:
        assert str(why).isprintable()
        return
    assert received.signer is None or received.alert == caps.flood()
    assert cap.read(cap.write(received.alert), caps.NOW).alert == received.alert
