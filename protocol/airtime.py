"""Limits on air that a pole keeps by itself (promise 2), from the sealed plan's `Rules`. Pure integers, both
runtimes.

The head-end's own judgement is `headend.domain.lawful`; this is the second lock on the same door.
"""

from protocol import civil
from protocol.urgency import EMERGENCY


def quiet(rules, at_ms):
    """True inside the quiet hours (T-15), which may run over midnight."""
    minute = civil.minute_of_day(at_ms)
    start, end = rules.quiet_from_minute, rules.quiet_to_minute
    if start <= end:
        return start <= minute < end
    return minute >= start or minute < end


def quiet_within(rules, at_ms, length_ms):
    """True if any instant of [at, at + length) is quiet."""
    if quiet(rules, at_ms) or quiet(rules, at_ms + length_ms - 1):
        return True
    start_ms = civil.instant_ms(civil.day_number(at_ms), rules.quiet_from_minute)
    if rules.quiet_from_minute == rules.quiet_to_minute:
        return False
    return at_ms < start_ms < at_ms + length_ms


def slot(at_ms):
    """(day number, half-day) that a session counts in."""
    return civil.day_number(at_ms), civil.half_day(at_ms)


def refusal(rules, session, sounded):
    """The id of the rule that keeps `session` (messages.Session) off the air, or None.

    `sounded`: list of (session id, at_ms) that this pole has sounded, emergencies left out. Only an emergency
    passes.
    """
    if session.urgency == EMERGENCY:
        return None
    if quiet_within(rules, session.at_ms, session.length_ms):
        return "T-15"
    if session.length_ms > rules.max_session_seconds * 1000:
        return "T-07" if rules.max_session_seconds > 15 * 60 else "T-05"
    here = slot(session.at_ms)
    others = [one for one, at_ms in sounded if one != session.id and slot(at_ms) == here]
    if len(others) >= rules.sessions_half_day:
        return "T-03"
    return None
