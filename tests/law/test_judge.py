"""What holds for any session: days and halves of Hà Nội, slots that are lawful, one judgement for each ground."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headend.domain.areas import AreaClass
from headend.domain.charter import Regime
from headend.domain.lawful import Law, OnAir, approver_refusal
from headend.domain.times import HANOI, day_of, from_ms, start_of, to_ms
from headend.law import rulebook
from protocol import civil
from protocol.urgency import EMERGENCY
from tests.support.law import MONDAY, RURAL, WARD, item, on_air, proposal, verdict
from tests.support.project import ROOT

MIDNIGHTS = [datetime(*day, tzinfo=HANOI) for day in ((2026, 1, 1), (2027, 1, 1), (2028, 2, 29), (2028, 3, 1),
                                                      (2026, 3, 1), (2026, 8, 1), (2030, 12, 31))]
instants = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
# Around the ends of days, months and years, in any zone that a server or a sender may have.
edges = st.builds(lambda midnight, ms: midnight + timedelta(milliseconds=ms), st.sampled_from(MIDNIGHTS),
                  st.integers(-90_000, 90_000))
zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def rules_of(answer):
    return [one.rule for one in answer.refusals]


@given(at=instants | edges, zone=zones)
@example(datetime(2026, 3, 6, 17, tzinfo=UTC), UTC)  # a Friday there, a Saturday in Hà Nội
def test_a_day_is_that_of_ha_noi_whatever_the_zone_it_is_told_in(at, zone):
    told, local = at.astimezone(zone), at.astimezone(HANOI)
    half = "morning" if 5 <= local.hour < 12 else "afternoon" if 12 <= local.hour < 21 else None
    assert day_of(told) == local.date()
    assert civil.weekday(to_ms(told)) == local.weekday()
    assert start_of(day_of(told)) == local.replace(hour=0, minute=0, second=0, microsecond=0)
    assert civil.half_day(to_ms(told)) == half


@given(at=instants | edges, zone=zones, seconds=st.integers(1, 900))
def test_a_verdict_does_not_depend_on_the_zone_that_the_start_is_written_in(at, zone, seconds):
    asked = replace(proposal(seconds=seconds), start_at=at)
    assert verdict(replace(asked, start_at=at.astimezone(zone))) == verdict(asked)


@given(at=instants | edges, length_ms=st.integers(1, 900_000))
def test_a_lawful_session_is_a_working_day_inside_one_half_day(at, length_ms):
    at -= timedelta(microseconds=at.microsecond % 1000)
    answer = verdict(replace(proposal(), start_at=at, duration_ms=length_ms))
    local = at.astimezone(HANOI)
    last = (at + timedelta(milliseconds=length_ms - 1)).astimezone(HANOI)
    fits = any(low <= local.hour < high and low <= last.hour < high and local.date() == last.date()
               for low, high in ((5, 12), (12, 21)))
    assert answer.allowed == (fits and local.weekday() < 5)


@given(at=edges | st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),
       seconds=st.integers(1, 900), busy=st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=9),
       now_minutes=st.integers(-60 * 24 * 40, 60 * 24 * 5))
def test_offered_slots_are_later_lawful_and_at_most_three(at, seconds, busy, now_minutes):
    at = at.replace(second=0, microsecond=0)
    starts = [start_of(day_of(at)) + timedelta(days=days, hours=7 if morning else 17) for days, morning in busy]
    air = [OnAir(f"s{number}", frozenset({WARD.id}), start, start + timedelta(minutes=9))
           for number, start in enumerate(starts)]
    asked, now = replace(proposal(seconds=seconds), start_at=at), at + timedelta(minutes=now_minutes)
    answer = verdict(asked, air, at=now)
    assert len(answer.next_slots) <= 3 and list(answer.next_slots) == sorted(answer.next_slots)
    assert not (answer.allowed and answer.next_slots)
    for slot in answer.next_slots:
        assert slot > max(at, now)
        assert verdict(replace(asked, start_at=slot), air, at=now).allowed


@given(seconds=st.integers(1, 3000), day=st.integers(0, 6), hour=st.integers(0, 23))
def test_what_is_unlawful_for_some_clusters_is_lawful_for_the_rest(seconds, day, hour):
    mixed = proposal(day, f"{hour:02d}:00", seconds, clusters=(WARD, RURAL))
    answer = verdict(mixed)
    alone = [one.id for one in (WARD, RURAL) if verdict(replace(mixed, clusters=(one,))).allowed]
    assert answer.allowed == (len(alone) == 2)
    assert list(answer.lawful_clusters) == ([] if answer.allowed else alone)


def test_mixed_classes_are_judged_each_by_their_own_and_can_be_trimmed():
    answer = verdict(proposal(seconds=1000, clusters=(WARD, RURAL)))
    assert [(one.rule, one.cluster) for one in answer.refusals] == [("T-05", "k1")]
    assert answer.lawful_clusters == ("k2",)


def test_nothing_can_be_trimmed_where_what_is_said_is_what_is_wrong():
    answer = verdict(proposal(items=(item(approver=None),), clusters=(WARD, RURAL)))
    assert rules_of(answer) == ["C-06"] and answer.lawful_clusters == ()


def test_a_refusal_carries_rule_article_quote_sentence_and_both_numbers():
    [refusal] = verdict(proposal(seconds=901)).refusals
    assert (refusal.rule, refusal.limit, refusal.actual, refusal.cluster) == ("T-05", 900, 901, "k1")
    assert refusal.quote == "Thời lượng: tối đa 15 phút/buổi phát thanh"
    assert "2.a" in refusal.article
    assert refusal.message == "Buổi phát dài 15 phút 01 giây, vượt mức 15 phút cho Cụm phường."


def test_next_slots_keep_the_time_of_day_and_the_order_of_the_day():
    answer = verdict(proposal(), [on_air()])
    assert answer.next_slots == (MONDAY + timedelta(hours=17), MONDAY + timedelta(days=1, hours=6, minutes=30),
                                 MONDAY + timedelta(days=1, hours=17))


def test_no_slot_is_offered_when_the_length_is_what_is_wrong():
    assert verdict(proposal(seconds=901)).next_slots == ()


def test_an_approval_that_is_missing_is_no_reason_for_another_hour_but_in_the_way_of_none():
    unapproved = item(approver=None)
    assert verdict(proposal(items=(unapproved,))).next_slots == ()
    saturday = verdict(proposal(day=5, items=(unapproved,)))
    assert rules_of(saturday) == ["T-04", "C-06"]
    assert saturday.next_slots[0] == MONDAY + timedelta(days=7, hours=6, minutes=30)


def test_an_emergency_plays_at_night_on_a_sunday_however_long():
    assert verdict(proposal(6, "23:00", 5000, urgency=EMERGENCY), [on_air(6)]).allowed


def test_the_author_is_told_the_clause_when_approving_their_own():
    refusal = approver_refusal(rulebook.load(), "b1", "an", "an")
    assert refusal is not None and refusal.rule == "C-06" and "phê duyệt" in refusal.quote
    assert approver_refusal(rulebook.load(), "b1", "an", "binh") is None


def test_law_is_that_of_the_day_of_the_session():
    law = Law(rulebook.load_all(), [Regime("00070", date(2026, 3, 4), "5133", "Thành phố yêu cầu")])
    central = replace(WARD, area_class=AreaClass.Q4)
    assert verdict(proposal(day=1, clusters=(central,)), law=law).allowed
    assert rules_of(verdict(proposal(day=2, clusters=(central,)), law=law)) == ["T-01"]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati", "Asia/Ho_Chi_Minh"])
def test_a_servers_zone_changes_no_verdict(zone):
    """The same plans, each judged by a process of its own in another zone."""
    story = min((ROOT / "tests/law/cases/nhieu-buoi").glob("*.json"))
    command = [sys.executable, "-m", "headend.cli", "law", "check", str(story), "--json"]

    def told(name: str) -> tuple[str, int]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TZ": name}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30)
        return done.stdout, done.returncode

    assert told(zone) == told("UTC")
    assert told(zone)[0].startswith('{"verdicts"')


@given(ms=st.integers(-(10**12), 10**13))
def test_civil_time_of_the_wire_is_ha_noi_time(ms):
    local = from_ms(ms).astimezone(HANOI)
    assert civil.minute_of_day(ms) == local.hour * 60 + local.minute
    assert civil.weekday(ms) == local.weekday()
    assert civil.instant_ms(civil.day_number(ms), civil.minute_of_day(ms)) == ms - ms % 60_000
