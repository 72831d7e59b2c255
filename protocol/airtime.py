"""Limits on air that a pole keeps by itself (promise 2), from the sealed plan's `Rules`. Pure integers, both
runtimes.

The head-end's own judgement is `headend.domain.lawful`; this is the second lock on the same door.
"""

from protocol import civil
from protocol.urgency import EMERGENCY

LIFTABLE = ("T-03", "T-05", "T-07")  # what a directive may lift for a session (T-09); never T-15 or P-04


def quiet(from_minute, to_minute, at_ms):
    """True inside the quiet hours (T-15), which may run over midnight."""
    minute = civil.minute_of_day(at_ms)
    if from_minute <= to_minute:
        return from_minute <= minute < to_minute
    return minute >= from_minute or minute < to_minute


def quiet_within(from_minute, to_minute, at_ms, length_ms):
    """True if any instant of [at, at + length) is quiet."""
    if from_minute == to_minute:
        return False
    if quiet(from_minute, to_minute, at_ms):
        return True
    start_ms = civil.instant_ms(civil.day_number(at_ms), from_minute)
    if start_ms <= at_ms:
        start_ms += civil.DAY_MS
    return start_ms < at_ms + length_ms


def slot(at_ms):
    """(day number, half-day) that a session counts in."""
    return civil.day_number(at_ms), civil.half_day(at_ms)


def rules_for(rules, pole):
    """Of a plan's rules those that bind this pole: the ones that name it, else the ones that name nobody."""
    everybody = None
    for one in rules:
        if pole in one.poles:
            return one
        if not one.poles:
            everybody = one
    return everybody


def longest_seconds(rules, session):
    """How long a session may sound by the rules; None for an emergency, and where a directive lifts the cap."""
    if session.urgency == EMERGENCY or (rules.length_rule in LIFTABLE and rules.length_rule in (session.lifted or ())):
        return None
    return rules.max_session_seconds


def refusal(rules, session, sounded):
    """The id of the rule that keeps `session` (messages.Session) off the air, or None.

    `sounded`: list of (session id, at_ms) that this pole has sounded, emergencies left out. Only an emergency
    passes, and not even that where the cluster is set aside. Without rules nothing routine sounds.
    """
    if rules is not None and rules.suspended:
        return "P-04"
    if session.urgency == EMERGENCY:
        return None
    if rules is None or quiet_within(rules.quiet_from_minute, rules.quiet_to_minute, session.at_ms, session.length_ms):
        return "T-15"
    longest = longest_seconds(rules, session)
    if longest is not None and session.length_ms > longest * 1000:
        return rules.length_rule
    here = slot(session.at_ms)
    others = [one for one, at_ms in sounded if one != session.id and slot(at_ms) == here]
    if len(others) >= rules.sessions_half_day and "T-03" not in (session.lifted or ()):
        return "T-03"
    return None
