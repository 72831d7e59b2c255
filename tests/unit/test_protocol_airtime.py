"""What a pole keeps by itself: quiet hours, lengths, sessions in a half-day; civil time without a library."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import airtime, civil, messages

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
RULES = messages.Rules()  # quiet 21:00–05:00, 15 minutes, one session a half-day


def at(hour: int, minute: int = 0, day: int = 2) -> int:
    return int(datetime(2026, 3, day, hour, minute, tzinfo=HANOI).timestamp() * 1000)


def session(at_ms: int, minutes: float = 10, name: str = "s1", urgency: int = 0) -> messages.Session:
    return messages.Session(id=name, at_ms=at_ms, length_ms=int(minutes * 60_000), urgency=urgency, items=[])


@given(at_ms=st.integers(631_152_000_000, 4_102_444_800_000))  # 1990–2100
def test_civil_time_is_what_the_time_zone_database_says(at_ms):  # C-3
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(HANOI)
    assert civil.minute_of_day(at_ms) == local.hour * 60 + local.minute
    assert civil.weekday(at_ms) == local.weekday()
    assert civil.day_number(at_ms) == (local.date() - datetime(1970, 1, 1).date()) // timedelta(days=1)
    assert civil.instant_ms(civil.day_number(at_ms), civil.minute_of_day(at_ms)) == at_ms - at_ms % 60_000


@pytest.mark.parametrize(
    ("begin", "minutes", "rule"),
    [
        (at(5), 10, None),
        (at(4, 59), 10, "T-15"),
        (at(20, 50), 10, None),
        (at(20, 50), 10.001, "T-15"),
        (at(21), 1, "T-15"),
        (at(0), 1, "T-15"),
        (at(8), 15, None),
        (at(8), 15.001, "T-05"),
    ],
)
def test_quiet_hours_and_lengths_to_the_millisecond(begin, minutes, rule):  # P-3
    assert airtime.refusal(RULES, session(begin, minutes), []) == rule


def test_a_second_session_of_a_half_day_is_refused_and_the_afternoon_counts_anew():  # P-3
    sounded = [("early", at(6))]
    assert airtime.refusal(RULES, session(at(11)), sounded) == "T-03"
    assert airtime.refusal(RULES, session(at(12)), sounded) is None
    assert airtime.refusal(RULES, session(at(6, day=3)), sounded) is None
    assert airtime.refusal(RULES, session(at(6), name="early"), sounded) is None  # the same one, after a power cut


def test_an_emergency_passes_at_any_hour():
    assert airtime.refusal(RULES, session(at(2), 60, urgency=2), [("early", at(2))]) is None


def test_no_quiet_hours_at_all_are_possible():
    rules = messages.Rules(quiet_from_minute=0, quiet_to_minute=0)
    assert airtime.refusal(rules, session(at(2)), []) is None
    assert airtime.refusal(rules, session(at(23, 55)), []) is None
