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


def session(at_ms: int, minutes: float = 10, name: str = "s1", **more) -> messages.Session:
    return messages.Session(id=name, at_ms=at_ms, length_ms=int(minutes * 60_000), items=[], **more)


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


def test_a_cluster_that_is_set_aside_is_silent_even_in_an_emergency():  # P-3
    aside = messages.Rules(suspended=1)
    assert airtime.refusal(aside, session(at(8)), []) == "P-04"
    assert airtime.refusal(aside, session(at(8), urgency=2), []) == "P-04"


@pytest.mark.parametrize("rule", ["T-05", "T-07", "T-02"])
def test_a_length_is_refused_by_the_rule_that_sets_it(rule):  # P-3
    rules = messages.Rules(length_rule=rule, max_session_seconds=60)
    assert airtime.refusal(rules, session(at(8), 1), []) is None
    assert airtime.refusal(rules, session(at(8), 1.001), []) == rule


@pytest.mark.parametrize(
    ("lifted", "rule"),
    [
        ([], "T-05"),
        (["T-05"], "T-03"),
        (["T-03"], "T-05"),
        (["T-05", "T-03"], None),
        (["T-15", "P-04", "T-07"], "T-05"),
    ],
)
def test_a_directive_frees_a_session_of_length_and_number_alone(lifted, rule):  # P-3
    asked = session(at(8), 20, lifted=lifted)
    assert airtime.refusal(RULES, asked, [("early", at(6))]) == rule
    night = session(at(22), 1, lifted=[*lifted, "T-15"])
    assert airtime.refusal(RULES, night, []) == "T-15"


def test_the_rules_that_name_a_pole_bind_it_else_those_that_name_nobody():  # P-3
    everybody, few = messages.Rules(), messages.Rules(poles=["p1", "p2"], suspended=1)
    assert airtime.rules_for([few, everybody], "p2") is few
    assert airtime.rules_for([few, everybody], "p3") is everybody
    assert airtime.rules_for([few], "p3") is None
    assert airtime.refusal(None, session(at(8)), []) == "T-15"
    assert airtime.refusal(None, session(at(8), urgency=2), []) is None


@given(
    at_ms=st.integers(1_700_000_000_000, 1_900_000_000_000),
    length_ms=st.integers(1, 20 * 3_600_000),
    start=st.integers(0, 1439),
    end=st.integers(0, 1439),
)
def test_an_instant_of_quiet_anywhere_within_is_found(at_ms, length_ms, start, end):
    minutes = range(at_ms // 60_000, (at_ms + length_ms - 1) // 60_000 + 1)
    quiet = any(airtime.quiet(start, end, minute * 60_000) for minute in minutes)
    assert airtime.quiet_within(start, end, at_ms, length_ms) == (quiet and start != end)
