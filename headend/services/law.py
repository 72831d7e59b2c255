"""The law's word on a session of the database: gathers what the judges look at, and nothing of what they do not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from headend.domain.areas import Cluster
from headend.domain.bulletin import Bulletin, BulletinState
from headend.domain.directive import Directive
from headend.domain.lawful import (
    SEARCH_DAYS,
    Air,
    Case,
    Item,
    Law,
    Proposal,
    Verdict,
    judge,
    mended_by_time,
    with_slots,
)
from headend.domain.session import BroadcastSession
from headend.domain.times import day_of, start_of
from headend.law.rulebook import Rulebook
from headend.ports import Db, Ports


def law_of(ports: Ports, db: Db, commune: str) -> Law:
    """Everything that binds a commune, dated."""
    return Law(ports.books, db.regimes(commune), db.charters(commune))


def book_of(ports: Ports, db: Db, commune: str, at: datetime) -> Rulebook:
    """The rule-set of a commune at an instant."""
    return law_of(ports, db, commune).book(commune, day_of(at))


def verdict(ports: Ports, db: Db, session: BroadcastSession, approval_due: bool = False,
            clusters: Sequence[Cluster] | None = None, drafts: Sequence[Bulletin] = ()) -> Verdict:
    """The law's word on a session as it stands, against everything else on the air of its clusters and beside them.

    `clusters` are those of the session, where the caller has them already; `drafts` are those of its bulletins that do
    not exist yet.
    """
    case_ = case(ports, db, session, approval_due, clusters, drafts)
    answer = judge(case_)
    if not mended_by_time(answer):
        return answer
    first = start_of(max(case_.day, case_.today))
    last = first + timedelta(days=SEARCH_DAYS)
    if len(list(case_.bound("T-03"))) in (0, len(case_.grounds)):  # counted alike everywhere: one that is taken will do
        return with_slots(answer, case_, Air(db.busy(session.commune, session.clusters, first, last)))
    return with_slots(answer, case_, Air(db.air(session.clusters, first, last)))


def case(ports: Ports, db: Db, session: BroadcastSession, approval_due: bool = False,
         clusters: Sequence[Cluster] | None = None, drafts: Sequence[Bulletin] = ()) -> Case:
    """A session as the judges see it."""
    alone = by_itself(ports, db, session, approval_due, clusters, drafts)
    day = start_of(alone.day)
    air = Air(db.air(session.clusters, day, day + timedelta(days=1)))
    earshot = max((ground.numbers(rule)["metres"] for rule, ground in alone.bound("T-14")), default=0)
    near = db.near(session.clusters, earshot, session.start_at, session.end_at)
    return replace(alone, air=air, near=tuple(near))


def by_itself(ports: Ports, db: Db, session: BroadcastSession, approval_due: bool = False,
              clusters: Sequence[Cluster] | None = None, drafts: Sequence[Bulletin] = ()) -> Case:
    """A session with the law that binds it, as if nobody else were on air."""
    known = db.clusters(ids=session.clusters) if clusters is None else clusters
    proposal = _proposal(db, session, approval_due, {one.id: one for one in known}, drafts)
    return Case(law_of(ports, db, session.commune), proposal, ports.clock.now())


def _proposal(db: Db, session: BroadcastSession, approval_due: bool, clusters: dict[str, Cluster],
              drafts: Sequence[Bulletin]) -> Proposal:
    bulletins = {**db.bulletins_of(session.bulletins), **{one.id: one for one in drafts}}
    found = [bulletins[one] for one in session.bulletins if one in bulletins]
    called = {session.directive, *(one.directive for one in found)} - {None}
    directives = db.directives_of(sorted(one for one in called if one))
    here = tuple(clusters[one] for one in session.clusters if one in clusters)
    items = tuple(_item(one, directives) for one in found)
    return Proposal(session.id, session.start_at, session.duration_ms, session.urgency, here, items,
                    directives.get(session.directive or ""), approval_due)


def _item(bulletin: Bulletin, directives: dict[str, Directive]) -> Item:
    return Item(bulletin.id, bulletin.kind, bulletin.duration_ms, bulletin.field, bulletin.title, bulletin.author,
                bulletin.approver, bulletin.sha256, bulletin.approved_sha256,
                approved=bulletin.state is BulletinState.APPROVED,
                directive=directives.get(bulletin.directive or ""), event_day=bulletin.event_day)
