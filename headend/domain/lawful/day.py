"""Many sessions judged in the order of their start, a refused one taking no air: a plan on paper."""

from collections.abc import Sequence
from datetime import datetime

from headend.domain.areas import MOST_METRES, metres_between
from headend.domain.lawful.judge import judge, with_slots
from headend.domain.lawful.proposal import Air, Case, Law, Near, OnAir, Proposal
from headend.domain.lawful.verdict import Verdict
from protocol.urgency import EMERGENCY


def judge_all(law: Law, proposals: Sequence[Proposal], at: datetime) -> list[tuple[Proposal, Verdict]]:
    """Each proposal with its verdict, in the order of their start; `at` is the instant of judging.

    Slots are offered where nothing is planned either: what is still to be judged keeps its place in the day.
    """
    judged: list[tuple[Proposal, Verdict]] = []
    in_order = sorted(proposals, key=lambda one: one.start_at)
    lawful: list[Proposal] = []
    for number, one in enumerate(in_order):
        case = Case(law, one, at, Air(_on_air(lawful)), _near(one, lawful))
        verdict = with_slots(judge(case), case, Air(_on_air(lawful + in_order[number + 1:])))
        judged.append((one, verdict))
        if verdict.allowed:
            lawful.append(one)
    return judged


def _on_air(proposals: Sequence[Proposal]) -> list[OnAir]:
    return [OnAir(one.session, frozenset(cluster.id for cluster in one.clusters), one.start_at, one.end_at)
            for one in proposals if one.urgency != EMERGENCY]


def _near(asked: Proposal, others: Sequence[Proposal]) -> tuple[Near, ...]:
    """What clusters of other communes close by sound at the same time."""
    at_once = [one for one in others if one.urgency != EMERGENCY and one.start_at < asked.end_at
               and asked.start_at < one.end_at]
    return tuple(Near(mine.id, theirs.name, round(metres), one.session, one.content)
                 for one in at_once for theirs in one.clusters for mine in asked.clusters
                 if mine.commune != theirs.commune and (metres := metres_between(mine, theirs)) <= MOST_METRES)
