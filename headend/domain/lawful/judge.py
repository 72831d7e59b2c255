"""The judgement: the same functions when a session is planned, when it is approved, when its order is sealed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from headend.domain.lawful import of_content, of_place, of_time
from headend.domain.lawful.proposal import Air, Case, Proposal
from headend.domain.lawful.rules import CHECKS, Enforced
from headend.domain.lawful.verdict import Finding, Verdict
from headend.domain.times import day_number, day_of, from_ms, to_ms
from protocol import civil
from protocol.urgency import EMERGENCY

RULES_OF = (of_time, of_content, of_place)  # importing them is what fills CHECKS
SEARCH_DAYS = 21  # how far ahead the next lawful slot is looked for
MOST_SLOTS = 3
ORDER = ("day", "half_day", "hour", "")  # in which it is asked whether a slot is lawful
USUAL = {civil.MORNING: 6 * 60, civil.AFTERNOON: 17 * 60}  # where nobody has said otherwise


def judge(case: Case) -> Verdict:
    """Every refusal and warning, and where the session would be lawful if only some of its clusters are.

    `case.air` must hold what is on air at the proposal's clusters on its day, `case.near` what neighbours sound
    then. An emergency plays at once, whatever the caps (T-13).
    """
    refusals = tuple(_found(case, warns=False))
    refused = {one.cluster for one in refusals}
    lawful = ()
    if refusals and None not in refused:
        lawful = tuple(one.id for one in case.proposal.clusters if one.id not in refused)
    return Verdict(refusals, tuple(_found(case, warns=True)), lawful_clusters=lawful)


def _found(case: Case, warns: bool) -> Iterator[Finding]:
    for one in _checks(case.proposal.urgency == EMERGENCY, warns):
        yield from one.check(case)


@cache
def _checks(emergency: bool, warns: bool) -> tuple[Enforced, ...]:
    """What is asked, the questions first that another hour can answer differently: where slots are looked for, most
    candidates end there.
    """
    asked = [one for one in CHECKS if one.warns == warns and (one.emergency or not emergency)]
    return tuple(sorted(asked, key=lambda one: ORDER.index(one.mended_by)))


def mended_by_time(verdict: Verdict) -> bool:
    """Whether another hour could make a refused session lawful: only then slots have to be looked for.

    A missing approval (C-06) has the time until then, but is no reason for another hour.
    """
    broken = {one.rule for one in verdict.refusals} - {"C-06"}
    return bool(broken) and broken <= _of_time()


@cache
def _of_time() -> frozenset[str]:
    return frozenset(rule_id for one in CHECKS if one.mended_by for rule_id in one.ids)


def with_slots(verdict: Verdict, case: Case, ahead: Air) -> Verdict:
    """The verdict with the nearest lawful slots, the soonest first.

    `ahead` must hold what is on air at the proposal's clusters for SEARCH_DAYS, from its day on, or from today where
    that is later. An approval that is still missing is left aside: it has the time until then.
    """
    if not mended_by_time(verdict):
        return verdict
    return replace(verdict, next_slots=tuple(_next_slots(case, ahead)))


def _next_slots(case: Case, ahead: Air) -> Iterator[datetime]:
    left = MOST_SLOTS
    first = max(case.day, day_of(case.at))
    for number in range(SEARCH_DAYS):
        day = first + timedelta(days=number)
        moved = replace(case, air=ahead, near=(), known=case.law.grounds(case.areas, day))
        for slot in _slots_of(moved, day_number(day)):
            yield slot
            left -= 1
            if left == 0:
                return


def _slots_of(case: Case, day: int) -> Iterator[datetime]:
    """The lawful starts of a day, one a half-day: at the asked time of day if that can be, else at the usual hour."""
    soonest = max(case.proposal.start_at, case.at)
    for half_day in civil.HALF_DAYS:
        for minute in _minutes(case, half_day):
            start_at = from_ms(civil.instant_ms(day, minute))
            broken = _broken(case, start_at) if start_at > soonest else ""
            if broken is None:
                yield start_at
                break
            if broken == "day":
                return
            if broken == "half_day":
                break


def _broken(case: Case, start_at: datetime) -> str | None:
    """What could mend the first rule that a session at this start breaks; None where it breaks none."""
    was = case.proposal
    proposal = Proposal(was.session, start_at, was.duration_ms, was.urgency, was.clusters, was.items, was.directive)
    moved = Case(case.law, proposal, case.at, case.air, (), case.known)
    for one in _checks(proposal.urgency == EMERGENCY, False):
        if any(True for _ in one.check(moved)):
            return one.mended_by
    return None


def _minutes(case: Case, half_day: tuple[str, int, int]) -> list[int]:
    name, begin, end = half_day
    asked = civil.minute_of_day(to_ms(case.proposal.start_at))
    wanted = [asked] if begin <= asked < end else []
    charters = [one.charter for one in case.known or ()]
    hours = {slot.from_minute for one in charters if one for slot in one.slots if slot.half_day == name}
    return list(dict.fromkeys(wanted + (sorted(hours) or [USUAL[name]])))
