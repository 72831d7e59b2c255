"""What is put before the law: a session with its items, the ground that it would sound on, and what is on air there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from headend.domain.areas import AreaClass, Cluster
from headend.domain.bulletin import Kind
from headend.domain.charter import Regime, StationCharter
from headend.domain.directive import Directive
from headend.domain.times import day_of, to_ms
from headend.law.rulebook import DEFAULT_SET, Numbers, Rule, Rulebook
from protocol import civil

Areas = Mapping[tuple[str, AreaClass], tuple[Cluster, ...]]
Slot = tuple[int, str | None]  # day number, half-day (None at night)


TOLD = (Kind.SPEECH, Kind.RELAY, Kind.SOURCE)  # what tells something, and so has a field
RECORDED = (Kind.SPEECH, Kind.MUSIC, Kind.SOURCE)  # what somebody has to approve
BETWEEN = (Kind.CHIME, Kind.SILENCE)


@dataclass(frozen=True)
class Item:
    """A piece of a session. `approved` False: it still waits for its approver."""

    id: str
    kind: Kind
    duration_ms: int
    field: str | None = None
    title: str = ""
    author: str | None = None
    approver: str | None = None
    sha256: str | None = None
    approved_sha256: str | None = None
    approved: bool = True
    directive: Directive | None = None
    event_day: date | None = None


@dataclass(frozen=True)
class OnAir:
    """A session that takes or took air, at these of the proposal's clusters. Emergencies take none."""

    session: str
    clusters: frozenset[str]
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True)
class Near:
    """A cluster of another commune within earshot of one of ours, on air at the same time with `content` (digests)."""

    cluster: str
    other: str  # how people call it
    metres: int
    session: str
    content: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """What is asked. That items are approved is judged only where `approval_due`: a plan may wait for it."""

    session: str
    start_at: datetime
    duration_ms: int
    urgency: int
    clusters: tuple[Cluster, ...]
    items: tuple[Item, ...] = ()
    directive: Directive | None = None
    approval_due: bool = False

    @property
    def end_at(self) -> datetime:
        return self.start_at + timedelta(milliseconds=self.duration_ms)

    @property
    def seconds(self) -> int:
        """Wall-clock time on air, begun seconds counted."""
        return -(-self.duration_ms // 1000)

    @property
    def content(self) -> tuple[str, ...]:
        """The recordings in their order: the same content may sound from both sides of a border (T-14)."""
        return tuple(one.sha256 for one in self.items if one.sha256)


@dataclass(frozen=True)
class Ground:
    """The clusters of a proposal for which the same words of the law hold."""

    commune: str
    area_class: AreaClass
    clusters: tuple[Cluster, ...]
    book: Rulebook
    charter: StationCharter | None

    def rule(self, rule_id: str) -> Rule | None:
        """The rule where it binds here."""
        return self.book.rule(rule_id, self.area_class)

    def numbers(self, rule: Rule) -> Numbers:
        """Its limits here: the commune may have set otherwise what is ours."""
        return self.charter.numbers(rule) if self.charter else rule.numbers


@dataclass(frozen=True)
class Law:
    """All that binds, dated: rule-sets, which of them binds which commune from when, and the communes' charters."""

    books: Mapping[str, Rulebook]
    regimes: Sequence[Regime] = ()
    charters: Sequence[StationCharter] = ()
    default: str = DEFAULT_SET

    def regime(self, commune: str, day: date) -> Regime | None:
        """What chose the rule-set of a commune on a day; None where nobody did: then it is the default."""
        return _latest(self.regimes, commune, day)

    def book(self, commune: str, day: date) -> Rulebook:
        """The rule-set of a commune on a day."""
        regime = self.regime(commune, day)
        return self.books[regime.rule_set if regime else self.default]

    def charter(self, commune: str, day: date) -> StationCharter | None:
        """The charter of a commune on a day, None where it has none yet."""
        return _latest(self.charters, commune, day)

    def grounds(self, areas: Areas, day: date) -> tuple[Ground, ...]:
        """What binds the clusters on a day."""
        return tuple(Ground(commune, area_class, clusters, self.book(commune, day), self.charter(commune, day))
                     for (commune, area_class), clusters in areas.items())


def areas_of(clusters: Iterable[Cluster]) -> Areas:
    """Clusters by commune and class: what binds one of them binds all that are beside it here."""
    found: dict[tuple[str, AreaClass], list[Cluster]] = {}
    for one in clusters:
        found.setdefault((one.commune, one.area_class), []).append(one)
    return {key: tuple(some) for key, some in found.items()}


def _latest(dated, commune: str, day: date):
    """Of several records of a commune the one that came into force last."""
    here = [one for one in dated if one.commune == commune and one.from_day <= day]
    return max(here, key=lambda one: one.from_day, default=None)


class Air:
    """What others have on air, found by half-day."""

    def __init__(self, sessions: Iterable[OnAir]) -> None:
        self._by_slot: dict[Slot, list[OnAir]] = {}
        for one in sessions:
            self._by_slot.setdefault(slot_of(one.start_at), []).append(one)

    def taken(self, slot: Slot, but: str) -> list[OnAir]:
        """The sessions of a half-day, except the one that is asked about."""
        return [one for one in self._by_slot.get(slot, ()) if one.session != but]


@dataclass(frozen=True)
class Case:
    """A proposal with everything that the rules look at; `at` is the instant of the judgement."""

    law: Law
    proposal: Proposal
    at: datetime
    air: Air = field(default_factory=lambda: Air(()))
    near: tuple[Near, ...] = ()
    known: tuple[Ground, ...] | None = None  # the grounds of that day, where somebody has sorted them already

    @cached_property
    def day(self) -> date:
        return day_of(self.proposal.start_at)

    @cached_property
    def today(self) -> date:
        return day_of(self.at)

    @cached_property
    def areas(self) -> Areas:
        return areas_of(self.proposal.clusters)

    @cached_property
    def grounds(self) -> tuple[Ground, ...]:
        return self.law.grounds(self.areas, self.day) if self.known is None else self.known

    def bound(self, rule_id: str, item: Item | None = None) -> Iterator[tuple[Rule, Ground]]:
        """The grounds that a rule binds, where no directive that is cited lifts it (T-09)."""
        for ground in self.grounds:
            found = ground.rule(rule_id)
            if found and not (found.liftable and self._lifted(rule_id, ground.commune, item)):
                yield found, ground

    def _lifted(self, rule_id: str, commune: str, item: Item | None) -> bool:
        return any(one.lifts_at(rule_id, commune, self.day, self.today) for one in self.cited(item))

    def cited(self, item: Item | None = None) -> list[Directive]:
        """The directives that a session, or one of its items, calls upon."""
        called = (self.proposal.directive, item.directive if item else None)
        return [one for one in called if one is not None]


def slot_of(at: datetime) -> Slot:
    """The day and half-day that an instant counts in."""
    ms = to_ms(at)
    return civil.day_number(ms), civil.half_day(ms)
