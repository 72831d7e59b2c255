"""The rules of time: which days, which hours, how many, how long."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

from headend.domain.charter import clock
from headend.domain.lawful.proposal import Case, Ground, Kind, Proposal, slot_of
from headend.domain.lawful.rules import rule
from headend.domain.lawful.verdict import Finding, finding
from headend.domain.times import day_of, lasting, start_of, to_ms
from headend.law.rulebook import Rule
from protocol import airtime, civil

NOON = 12 * 60
_MS = timedelta(milliseconds=1)
HALVES = {civil.MORNING: "sáng", civil.AFTERNOON: "chiều"}


@rule("T-01", mended_by="day")
def only_what_is_asked_for(case: Case) -> Iterator[Finding]:
    """Four central districts: "Chỉ phát nội dung thông báo các trường hợp khẩn cấp", or what a directive asks for."""
    for found, ground in case.bound("T-01"):
        for cluster in ground.clusters:
            yield finding(found, f"{cluster.name} thuộc địa bàn bốn quận trung tâm, chỉ phát thông báo khẩn cấp hoặc "
                          "theo văn bản yêu cầu của Trung ương, Thành phố.", cluster=cluster.id)


@rule("T-04", mended_by="day")
def working_days(case: Case) -> Iterator[Finding]:
    """Monday to Friday ("thứ bảy, chủ nhật chỉ phát khi có trường hợp đặc biệt")."""
    weekday = case.day.weekday()
    name = "chủ nhật" if weekday == 6 else "thứ bảy"
    for found, ground in case.bound("T-04"):
        if weekday not in found.numbers["weekdays"]:
            for cluster in ground.clusters:
                yield finding(found, f"Ngày {case.day:%d/%m/%Y} là {name}, chỉ được phát khi có văn bản chỉ đạo cho "
                              "trường hợp đặc biệt.", limit=5, actual=weekday + 1, cluster=cluster.id)


@rule("T-02", emergency=True)
def safety_cap(case: Case) -> Iterator[Finding]:
    """Four central districts: no length is fixed; 45 minutes an order all the same (ours)."""
    return _too_long(case, "T-02")


@rule("T-05", "T-07")
def length_of_session(case: Case) -> Iterator[Finding]:
    """15 minutes in wards, 45 in communes: wall-clock time on air, chimes, relays and silences counted."""
    yield from _too_long(case, "T-05")
    yield from _too_long(case, "T-07")


def _too_long(case: Case, rule_id: str) -> Iterator[Finding]:
    asked = case.proposal
    for found, ground in case.bound(rule_id):
        limit = ground.numbers(found)["max_seconds"]
        if asked.duration_ms > limit * 1000:
            for cluster in ground.clusters:
                yield finding(found, f"Buổi phát dài {lasting(asked.seconds)}, vượt mức {limit // 60} phút cho "
                              f"{cluster.name}.", limit=limit, actual=asked.seconds, cluster=cluster.id)


@rule("T-03", mended_by="half_day")
def two_sessions_a_day(case: Case) -> Iterator[Finding]:
    """One session in each half-day ("Tối đa hai buổi sáng - chiều/ngày")."""
    slot = slot_of(case.proposal.start_at)
    taken = case.air.taken(slot, case.proposal.session) if slot[1] else []  # at night T-15 speaks of it
    for found, ground in case.bound("T-03") if taken else ():
        limit = ground.numbers(found)["sessions_half_day"]
        half = f"buổi phát {HALVES[slot[1]]} ngày {case.day:%d/%m/%Y}; mỗi buổi {HALVES[slot[1]]} chỉ được {limit}."
        for cluster in ground.clusters:
            others = sum(cluster.id in one.clusters for one in taken)
            if others >= limit:
                yield finding(found, f"{cluster.name} đã có {others} {half}", limit=limit, actual=others + 1,
                              cluster=cluster.id)


@rule("T-03", mended_by="hour")
def one_block_in_one_half_day(case: Case) -> Iterator[Finding]:
    """A session lies wholly inside its half-day, and a pause over 60 s inside it would begin another one (ours)."""
    asked = case.proposal
    half = slot_of(asked.start_at)[1]
    crosses = half is not None and slot_of(last_instant(asked))[1] not in (half, None)
    pause = longest_pause(asked) if half else 0
    for found, ground in case.bound("T-03") if crosses or pause else ():
        limit = ground.numbers(found)["pause_seconds"]
        for cluster in ground.clusters:
            if crosses:
                yield finding(found, "Buổi phát phải nằm trọn trong buổi sáng (05:00–12:00) hoặc buổi chiều "
                              "(12:00–21:00).", limit=NOON, actual=last_minute(asked), cluster=cluster.id)
            if pause > limit * 1000:
                yield _paused(found, limit, pause, cluster.id)


def _paused(found: Rule, limit: int, pause_ms: int, cluster: str) -> Finding:
    seconds = -(-pause_ms // 1000)
    return finding(found, f"Giữa buổi phát có khoảng lặng {lasting(seconds)}; lặng quá {limit} giây là sang buổi phát "
                   "khác.", limit=limit, actual=seconds, cluster=cluster)


def longest_pause(asked: Proposal) -> int:
    """The longest silence between two things that sound, in ms; silence at either end is none."""
    if len(asked.items) < 3:
        return 0
    runs = [(kind, sum(one.duration_ms for one in run))
            for kind, run in groupby(asked.items, key=lambda one: one.kind is Kind.SILENCE)]
    return max((length for silent, length in runs[1:-1] if silent), default=0)


def first_minute(asked: Proposal) -> int:
    """The minute of the local day in which it begins."""
    return civil.minute_of_day(to_ms(asked.start_at))


def last_minute(asked: Proposal) -> int:
    """The minute of the local day at which it is over, a begun one counted; over 1440 where that is tomorrow."""
    ms = to_ms(asked.end_at) - to_ms(start_of(day_of(asked.start_at)))
    return -(-ms // civil.MINUTE_MS)


def last_instant(asked: Proposal) -> datetime:
    """The last instant on air."""
    return max(asked.start_at, asked.end_at - _MS)


@rule("T-08", mended_by="hour")
def hours_of_the_charter(case: Case) -> Iterator[Finding]:
    """Inside the hours and lengths that the commune's own charter has fixed, narrower than the caps."""
    for found, ground in case.bound("T-08"):
        if ground.charter and ground.charter.slots:
            yield from _outside(found, case, ground)


def _outside(found: Rule, case: Case, ground: Ground) -> Iterator[Finding]:
    asked = case.proposal
    assert ground.charter is not None
    midnight = to_ms(start_of(case.day))
    begin, end = to_ms(asked.start_at) - midnight, to_ms(asked.end_at) - midnight
    fitting = [one for one in ground.charter.slots
               if one.from_minute * civil.MINUTE_MS <= begin and end <= one.to_minute * civil.MINUTE_MS]
    caps = [one.max_seconds for one in fitting]
    if not fitting:
        nearest = min(ground.charter.slots, key=lambda one: abs(one.from_minute - first_minute(asked)))
        hours = ", ".join(f"{clock(one.from_minute)}–{clock(one.to_minute)}" for one in ground.charter.slots)
        message = f"Quy chế của đài chỉ cho phát trong {hours}; buổi phát này nằm ngoài."
        numbers = _early_or_late(asked, nearest.from_minute, nearest.to_minute)
    elif all(cap is not None and asked.duration_ms > cap * 1000 for cap in caps):
        limit = max(cap for cap in caps if cap is not None)
        message = (f"Buổi phát dài {lasting(asked.seconds)}; quy chế của đài chỉ cho {lasting(limit)} trong khung giờ "
                   "này.")
        numbers = {"limit": limit, "actual": asked.seconds}
    else:
        return
    for cluster in ground.clusters:
        yield finding(found, message, cluster=cluster.id, **numbers)


@rule("T-15", mended_by="hour")
def quiet_hours(case: Case) -> Iterator[Finding]:
    """Nothing but an emergency sounds at night; the pole keeps it too."""
    asked = case.proposal
    for found, ground in case.bound("T-15"):
        numbers = ground.numbers(found)
        start, end = numbers["quiet_from_minute"], numbers["quiet_to_minute"]
        if airtime.quiet_within(start, end, to_ms(asked.start_at), max(1, asked.duration_ms)):
            for cluster in ground.clusters:
                yield finding(found, f"Từ {clock(start)} đến {clock(end)} là giờ yên tĩnh, chỉ phát tin khẩn cấp.",
                              cluster=cluster.id, **_early_or_late(asked, end, start))


def _early_or_late(asked: Proposal, opens: int, closes: int) -> dict[str, int]:
    """The minute that is broken: the first that is allowed where a session begins before it, else the last."""
    if first_minute(asked) < opens:
        return {"limit": opens, "actual": first_minute(asked)}
    return {"limit": closes, "actual": last_minute(asked)}
