"""Cụm loa: where they are, which are set aside, and what their devices said last."""

from dataclasses import dataclass
from datetime import datetime

from headend.domain.areas import Cluster, Commune
from headend.domain.person import Person, require
from headend.ports import Ports, StoredReceipt
from headend.services.board import communes_of, unit_of
from protocol.messages import EVENTS, State, Telemetry

NEWEST_EVENTS = 20


@dataclass(frozen=True)
class PoleLine:
    """`online` is None while the pole never said anything; `plan_sealed` is the newest plan made for it."""

    cluster: Cluster
    state: State | None
    seen_at: datetime | None
    plan_sealed: int | None
    felt: Telemetry | None = None
    felt_at: datetime | None = None

    @property
    def online(self) -> bool | None:
        return None if self.state is None else bool(self.state.online)

    @property
    def standing(self) -> str:
        """online, offline, unknown; suspended where nothing is expected of it."""
        if self.cluster.suspended:
            return "suspended"
        return {None: "unknown", True: "online", False: "offline"}[self.online]


@dataclass(frozen=True)
class PolesPage:
    poles: tuple[PoleLine, ...]
    communes: dict[str, Commune]
    things: frozenset[str]
    events: tuple[StoredReceipt, ...] = ()  # what poles felt of themselves, the newest first


def poles(ports: Ports, person: Person) -> PolesPage:
    """Every pole of the person's unit and what it said last."""
    require(person, "pole.see", person.unit)
    with ports.db(readonly=True) as db:
        clusters = db.clusters(unit_of(person))
        ids = [one.id for one in clusters]
        said = {state.pole: (state, seen_at) for state, seen_at in db.pole_states(ids)}
        felt = {one.pole: (one, seen_at) for one, seen_at in db.telemetry(ids)}
        agendas = {one: db.agenda(one) for one in {cluster.commune for cluster in clusters}}
        sealed = {one: agenda.version for one, agenda in agendas.items() if agenda}
        lines = tuple(PoleLine(one, *said.get(one.id, (None, None)), sealed.get(one.commune),
                               *felt.get(one.id, (None, None))) for one in clusters)
        things = frozenset(f"pole:{one}" for one in ids)
        return PolesPage(lines, communes_of(db, unit_of(person)), things,
                         tuple(db.newest_receipts(ids, EVENTS, NEWEST_EVENTS)))
