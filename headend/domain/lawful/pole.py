"""What poles keep by themselves (promise 2), compiled from the same rules into the words of the wire."""

from collections.abc import Sequence
from datetime import date

from headend.domain.areas import Cluster
from headend.domain.lawful.proposal import Case, Ground, Law, areas_of
from protocol import messages
from protocol.airtime import LIFTABLE

NO_LIMIT = 100  # sessions a half-day where no rule counts them
A_DAY_SECONDS = 24 * 3600


def rules(law: Law, clusters: Sequence[Cluster], day: date) -> list[messages.Rules]:
    """The rules of a commune's poles: one group of poles for each class, and one for those that are set aside.

    Most communes have one class: its rules name nobody, and so bind a pole that is hung up tomorrow too. `day` is
    that on which the plan is sealed; where law changes on a later day, the plan is sealed again then.
    """
    by_content: dict[str, tuple[list[str], messages.Rules]] = {}
    for ground in law.grounds(areas_of(clusters), day):
        for suspended in (False, True):
            poles = sorted(one.id for one in ground.clusters if one.suspended == suspended)
            if poles:
                made = _rules(ground, suspended)
                by_content.setdefault(repr(made), ([], made))[0].extend(poles)
    in_order = sorted(by_content.values(), key=lambda one: (len(one[0]), one[0]))
    if not in_order:
        return [messages.Rules()]
    *few, (_, most) = in_order
    return [_named(one, poles) for poles, one in few] + [_named(most, [])]


def _named(one: messages.Rules, poles: list[str]) -> messages.Rules:
    return messages.Rules(**{**{name: getattr(one, name) for name, _, _ in one.FIELDS}, "poles": sorted(poles)})


def _rules(ground: Ground, suspended: bool) -> messages.Rules:
    quiet, count = ground.rule("T-15"), ground.rule("T-03")
    cap, seconds = min(ground.book.caps(ground.area_class), key=lambda one: one[1])
    hours = ground.numbers(quiet) if quiet else {"quiet_from_minute": 0, "quiet_to_minute": 0}
    return messages.Rules(
        quiet_from_minute=hours["quiet_from_minute"], quiet_to_minute=hours["quiet_to_minute"],
        max_session_seconds=min(seconds, A_DAY_SECONDS), length_rule=cap.id,
        sessions_half_day=ground.numbers(count)["sessions_half_day"] if count else NO_LIMIT,
        suspended=int(suspended))


def lifted(case: Case) -> list[str]:
    """The rules that the session's directive lifts at every cluster of it, of those that poles keep.

    A pole knows no areas: where a directive reaches only some of the communes, the session was refused at the others.
    """
    return [one for one in LIFTABLE if any(ground.rule(one) for ground in case.grounds) and not any(case.bound(one))]
