"""States are tables: every pair of state and event does what the table says, or raises and changes nothing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from headend.domain import bulletin, delivery, session
from headend.domain.bulletin import Bulletin, BulletinState
from headend.domain.delivery import Delivery, DeliveryState
from headend.domain.errors import Conflict
from headend.domain.session import BroadcastSession, SessionState
from protocol import messages
from protocol.machine import IllegalEvent, can, events, states, step

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LIVES = {
    "bulletin": (bulletin.LIFE, BulletinState),
    "session": (session.LIFE, SessionState),
    "delivery": (delivery.LIFE, DeliveryState),
}
PAIRS = [
    (name, state, event) for name, (life, kind) in LIVES.items() for state in kind for event in events(life)
]


def a_bulletin(state=BulletinState.DRAFT):
    return Bulletin("b1", "00070", "Tin sáng", "local_news", "", "an", state, "aa" * 32, 60_000, -16.0, NOW)


def a_session(state=SessionState.PLANNED):
    return BroadcastSession("s1", "00070", NOW, 60_000, 0, ("00070-01",), ("b1",), state, "an", NOW)


@pytest.mark.parametrize(("name", "state", "event"), PAIRS)
def test_each_pair_of_state_and_event_moves_as_the_table_says_or_raises(name, state, event):
    life, kind = LIVES[name]
    if event in life[state]:
        assert step(life, state, event) == kind(life[state][event])
    else:
        with pytest.raises(IllegalEvent):
            step(life, state, event)


@pytest.mark.parametrize("name", LIVES)
def test_every_state_of_a_life_is_in_its_table_and_every_target_is_a_state(name):
    life, kind = LIVES[name]
    assert states(life) == set(kind) == set(life)


BULLETIN_EVENTS = {
    "submit": bulletin.submit,
    "approve": lambda b: bulletin.approve(b, "binh", NOW),
    "send_back": lambda b: bulletin.send_back(b, "nhầm ngày"),
    "replace": lambda b: bulletin.replace_sound(b, "bb" * 32, 1, -16.0, ""),
    "withdraw": bulletin.withdraw,
}


@pytest.mark.parametrize("event", BULLETIN_EVENTS)
@pytest.mark.parametrize("state", BulletinState)
def test_the_functions_of_a_bulletin_obey_its_table(state, event):
    before = a_bulletin(state)
    if can(bulletin.LIFE, state, event):
        assert BULLETIN_EVENTS[event](before).state == bulletin.LIFE[state][event]
    else:
        with pytest.raises(Conflict):
            BULLETIN_EVENTS[event](before)
    assert before == a_bulletin(state)


@pytest.mark.parametrize("event", sorted(events(session.LIFE)))
@pytest.mark.parametrize("state", SessionState)
def test_a_session_moves_only_as_its_table_says(state, event):
    if can(session.LIFE, state, event):
        assert session.move(a_session(state), event).state == session.LIFE[state][event]
    else:
        with pytest.raises(Conflict):
            session.move(a_session(state), event)


def test_approval_keeps_who_when_and_exactly_which_recording():
    approved = bulletin.approve(a_bulletin(BulletinState.SUBMITTED), "binh", NOW)
    assert (approved.approver, approved.approved_at, approved.approved_sha256) == ("binh", NOW, "aa" * 32)


def test_a_changed_recording_loses_its_approval():
    approved = bulletin.approve(a_bulletin(BulletinState.SUBMITTED), "binh", NOW)
    changed = bulletin.replace_sound(approved, "bb" * 32, 5_000, -16.0, "")
    assert changed.state is BulletinState.DRAFT
    assert (changed.approver, changed.approved_at, changed.approved_sha256) == (None, None, None)


def a_delivery(state):
    return Delivery("s1", "00070-01", state, NOW)


def told(kind, **more):
    return messages.Receipt(pole="00070-01", journal="0a" * 6, seq=1, kind=kind, at_ms=1, session="s1", **more)


@pytest.mark.parametrize("kind", messages.KINDS)
@pytest.mark.parametrize("state", DeliveryState)
def test_a_receipt_that_the_table_does_not_know_changes_nothing(state, kind):
    before = a_delivery(state)
    after = delivery.apply(before, told(kind), NOW)
    if can(delivery.LIFE, state, kind):
        assert after.state == delivery.LIFE[state][kind]
    else:
        assert after is before


def test_a_pole_that_came_back_keeps_the_instant_of_its_first_sample():
    first = delivery.apply(a_delivery(DeliveryState.READY), told(messages.STARTED, first_at_us=100), NOW)
    again = delivery.apply(first, told(messages.STARTED, first_at_us=900, skipped_frames=5), NOW)
    assert (again.started_us, again.skipped_frames) == (100, 0)


def test_a_refusal_by_the_pole_shows_its_rule():
    refused = delivery.apply(a_delivery(DeliveryState.RECEIVED), told(messages.REFUSED, rule="T-15"), NOW)
    assert (refused.state, refused.note) == (DeliveryState.REFUSED, "T-15")


def test_the_end_keeps_frames_and_underruns_as_told():
    ended = delivery.apply(
        replace(a_delivery(DeliveryState.PLAYING)), told(messages.FINISHED, frames=9, underruns=0), NOW
    )
    assert (ended.state, ended.frames, ended.underruns) == (DeliveryState.PLAYED, 9, 0)
