"""The first four rules: each kept by one second or one day, and broken by one; every refusal cites its clause."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headend.domain.areas import AreaClass, Cluster
from headend.domain.bulletin import Bulletin, BulletinState
from headend.domain.lawful import RULES, OnAir, Proposal, approver_refusal, judge
from headend.domain.times import HANOI, from_ms, to_ms
from headend.law import rulebook
from protocol import civil
from protocol.urgency import EMERGENCY, NORMAL

BOOK = rulebook.load()
WARD = Cluster("k1", "00070", "Cụm phường", AreaClass.Q, 21.03, 105.85)
RURAL = Cluster("k2", "00577", "Cụm xã", AreaClass.H, 20.98, 105.9)
MONDAY = datetime(2026, 3, 2, tzinfo=HANOI)
RECORDING = Bulletin(
    "b1",
    "00070",
    "Tin sáng",
    "local_news",
    "",
    "an",
    BulletinState.APPROVED,
    "aa" * 32,
    60_000,
    -16.0,
    MONDAY,
    "binh",
    MONDAY,
    "aa" * 32,
)


def proposal(day=0, clock="06:30", seconds=600, cluster=WARD, **more):
    hour, minute = map(int, clock.split(":"))
    start = MONDAY + timedelta(days=day, hours=hour, minutes=minute)
    return Proposal("new", start, seconds * 1000, more.pop("urgency", NORMAL), (cluster,), **more)


def taken(day=0, clock="08:00", cluster=WARD):
    other = proposal(day, clock, cluster=cluster)
    return OnAir("other", cluster.id, other.start_at, other.end_at)


def rules_of(verdict):
    return [one.rule for one in verdict.refusals]


@pytest.mark.parametrize(
    ("story", "asked", "air", "broken"),
    [
        ("một buổi sáng thứ hai", proposal(), [], []),
        ("buổi chiều khi đã có buổi sáng", proposal(clock="17:00"), [taken()], []),
        ("buổi sáng thứ hai trong ngày", proposal(), [taken()], ["T-03"]),
        ("buổi sáng hôm qua không tính", proposal(day=1), [taken()], []),
        ("cụm khác phát không tính", proposal(), [taken(cluster=RURAL)], []),
        ("kết thúc đúng 12:00", proposal(clock="11:50"), [], []),
        ("lấn sang buổi chiều một giây", proposal(clock="11:50", seconds=601), [], ["T-03"]),
        ("bắt đầu đúng 05:00", proposal(clock="05:00"), [], []),
        ("bắt đầu 04:59", proposal(clock="04:59"), [], ["T-03"]),
        ("kết thúc đúng 21:00", proposal(clock="20:50"), [], []),
        ("quá 21:00 một giây", proposal(clock="20:50", seconds=601), [], ["T-03"]),
        ("thứ sáu", proposal(day=4), [], []),
        ("thứ bảy", proposal(day=5), [], ["T-04"]),
        ("chủ nhật", proposal(day=6), [], ["T-04"]),
        ("phường đúng 15 phút", proposal(seconds=900), [], []),
        ("phường quá 15 phút một giây", proposal(seconds=901), [], ["T-05"]),
        ("xã đúng 45 phút", proposal(seconds=2700, cluster=RURAL), [], []),
        ("xã quá 45 phút một giây", proposal(seconds=2701, cluster=RURAL), [], ["T-07"]),
        ("khẩn cấp đêm chủ nhật", proposal(6, "23:00", 5000, urgency=EMERGENCY), [taken(6, "08:00")], []),
    ],
)
def test_the_rules_of_time(story, asked, air, broken):
    assert rules_of(judge(BOOK, asked, air)) == broken, story


@pytest.mark.parametrize(
    ("story", "recording", "lawful"),
    [
        ("người khác duyệt", RECORDING, True),
        ("chưa duyệt", replace(RECORDING, state=BulletinState.SUBMITTED, approver=None), False),
        ("tự duyệt", replace(RECORDING, approver="an"), False),
        ("thay tiếng sau khi duyệt", replace(RECORDING, sha256="bb" * 32), False),
    ],
)
def test_a_recording_must_be_approved_by_another_and_unchanged(story, recording, lawful):
    verdict = judge(BOOK, proposal(bulletins=(recording,), approval_due=True), [])
    assert rules_of(verdict) == ([] if lawful else ["C-06"]), story
    assert all(one.item == "b1" for one in verdict.refusals)


def test_a_planned_session_may_wait_for_approval():
    waiting = replace(RECORDING, state=BulletinState.SUBMITTED, approver=None)
    assert judge(BOOK, proposal(bulletins=(waiting,)), []).allowed


def test_the_author_is_told_the_clause_when_approving_their_own():
    refusal = approver_refusal(BOOK, RECORDING, "an")
    assert refusal is not None and refusal.rule == "C-06" and "phê duyệt" in refusal.quote
    assert approver_refusal(BOOK, RECORDING, "binh") is None


def test_a_refusal_carries_rule_article_quote_sentence_and_both_numbers():
    [refusal] = judge(BOOK, proposal(seconds=901), []).refusals
    assert (refusal.rule, refusal.limit, refusal.actual, refusal.cluster) == ("T-05", 900, 901, "k1")
    assert refusal.quote == "Thời lượng: tối đa 15 phút/buổi phát thanh."
    assert "2.a" in refusal.article and refusal.message.endswith(".")


def test_next_slots_keep_the_time_of_day_and_are_lawful_themselves():
    verdict = judge(BOOK, proposal(), [taken()])
    assert verdict.next_slots[0] == MONDAY + timedelta(hours=17)
    assert verdict.next_slots[1] == MONDAY + timedelta(days=1, hours=6, minutes=30)
    assert len(verdict.next_slots) == 3


def test_no_slot_is_offered_when_the_length_is_what_is_wrong():
    assert judge(BOOK, proposal(seconds=901), []).next_slots == ()


@pytest.mark.parametrize("rule_id", [one.id for one in BOOK.rules.values() if one.status == "done"])
def test_every_rule_that_is_called_done_has_a_function(rule_id):
    assert rule_id in RULES


def test_no_function_cites_an_unknown_rule():
    assert set(RULES) <= set(BOOK.rules)


@given(st.integers(0, 40 * 365 * 24 * 60), st.integers(1, 900_000))
def test_a_lawful_session_is_a_working_day_inside_one_half_day(minute, length_ms):
    start = from_ms(to_ms(MONDAY) + minute * 60_000)
    verdict = judge(BOOK, Proposal("new", start, length_ms, NORMAL, (WARD,)), [])
    local, last = start.astimezone(HANOI), (start + timedelta(milliseconds=length_ms - 1)).astimezone(HANOI)
    spans = [(5, 12), (12, 21)]
    fits = any(
        low <= local.hour < high and low <= last.hour < high and local.date() == last.date()
        for low, high in spans
    )
    assert verdict.allowed == (fits and local.weekday() < 5)


@given(
    st.integers(0, 365 * 24 * 60),
    st.integers(1, 900),
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=9),
)
def test_offered_slots_are_later_and_lawful(minute, seconds, busy):
    start = from_ms(to_ms(MONDAY) + minute * 60_000)
    air = [
        OnAir(f"s{n}", WARD.id, at, at + timedelta(minutes=9))
        for n, (days, morning) in enumerate(busy)
        for at in [start + timedelta(days=days, hours=0 if morning else 9)]
    ]
    asked = Proposal("new", start, seconds * 1000, NORMAL, (WARD,))
    verdict = judge(BOOK, asked, air)
    for slot in verdict.next_slots:
        assert slot > start
        assert judge(BOOK, replace(asked, start_at=slot), air).allowed


@given(st.integers(-(10**12), 10**13))
def test_civil_time_of_the_wire_is_hanoi_time(ms):
    local = from_ms(ms).astimezone(HANOI)
    assert civil.minute_of_day(ms) == local.hour * 60 + local.minute
    assert civil.weekday(ms) == local.weekday()
    assert civil.instant_ms(civil.day_number(ms), civil.minute_of_day(ms)) == ms - ms % 60_000
