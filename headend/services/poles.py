"""Cụm loa: where they are, which are set aside, and what their devices said last."""

from dataclasses import dataclass
from datetime import datetime

from headend.domain.areas import Cluster, Commune
from headend.domain.person import Person, require
from headend.ports import Ports
from headend.services.board import communes_of, unit_of
from protocol.messages import State


@dataclass(frozen=True)
class PoleLine:
    """`online` is None while the pole never said anything; `plan_sealed` is the newest plan made for it."""

    cluster: Cluster
    state: State | None
    seen_at: datetime | None
    plan_sealed: int | None

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


def poles(ports: Ports, person: Person) -> PolesPage:
    """Every pole of the person's unit and what it said last."""
    require(person, "pole.see", person.unit)
    with ports.db(readonly=True) as db:
        clusters = db.clusters(unit_of(person))
        said = {state.pole: (state, seen_at) for state, seen_at in db.pole_states([one.id for one in clusters])}
        agendas = {one: db.agenda(one) for one in {cluster.commune for cluster in clusters}}
        sealed = {one: agenda.version for one, agenda in agendas.items() if agenda}
        lines = tuple(PoleLine(one, *said.get(one.id, (None, None)), sealed.get(one.commune)) for one in clusters)
        return PolesPage(lines, communes_of(db, unit_of(person)), frozenset(f"pole:{one.id}" for one in clusters))
