"""What goes in and out of the API: parsed at the door, and the same refusal on pages and here."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from headend.domain.areas import Cluster
from headend.domain.bulletin import About, Bulletin, Kind
from headend.domain.delivery import Delivery
from headend.domain.lawful import Finding, Verdict
from headend.domain.person import Person
from headend.domain.session import BroadcastSession
from headend.domain.times import from_ms, hanoi, to_ms
from headend.services.poles import PoleLine
from headend.services.sessions import MOST_REASON, Asked
from headend.web.asked import EARLIEST, LATEST
from headend.web.door import refuse_null
from protocol.messages import Telemetry
from protocol.urgency import NAMES

Instant = Annotated[AwareDatetime, AfterValidator(hanoi)]  # always written with +07:00
NearInstant = Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST), AfterValidator(hanoi)]
Name = Annotated[str, Field(max_length=80)]
Reasoned = Annotated[str, Field(max_length=MOST_REASON)]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="after")
    def _no_null(self) -> "In":
        refuse_null(*_texts(vars(self).values()))
        return self


def _texts(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list):
            yield from _texts(value)
        elif isinstance(value, dict):
            yield from _texts([*value, *value.values()])
        elif isinstance(value, str):
            yield value


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LogIn(In):
    username: Name
    password: Annotated[str, Field(max_length=200)]


class PersonOut(Out):
    username: str
    name: str
    role: str
    role_title: str
    unit: str

    @classmethod
    def of(cls, person: Person) -> "PersonOut":
        return cls(username=person.username, name=person.name, role=person.role, role_title=person.role.title,
                   unit=person.unit)


class LoginOut(Out):
    """`csrf` must come back as X-CSRF-Token with every request that changes something."""

    person: PersonOut
    csrf: str


class TroubleOut(Out):
    """Why not, in one Vietnamese sentence; `field` names the input to mend, or is empty."""

    message: str
    field: str = ""


class FindingOut(Out):
    """A refusal or a warning; `limit` and `actual` in the unit of the rule, see docs/law-matrix.md."""

    rule: str
    article: str
    quote: str
    message: str
    limit: int | None
    actual: int | None
    cluster: str | None
    item: str | None

    @classmethod
    def of(cls, finding: Finding) -> "FindingOut":
        return cls.model_validate(finding)


class UnlawfulOut(Out):
    """HTTP 409: what the law says against it, when and where it would be lawful.

    With warnings and no refusals: send the same again with a reason for each rule that warns.
    """

    refusals: list[FindingOut]
    warnings: list[FindingOut]
    next_slots: list[Instant]
    lawful_clusters: list[str]

    @classmethod
    def of(cls, verdict: Verdict) -> "UnlawfulOut":
        return cls(refusals=[FindingOut.of(one) for one in verdict.refusals],
                   warnings=[FindingOut.of(one) for one in verdict.warnings], next_slots=list(verdict.next_slots),
                   lawful_clusters=list(verdict.lawful_clusters))


class VerdictOut(UnlawfulOut):
    allowed: bool

    @classmethod
    def of(cls, verdict: Verdict) -> "VerdictOut":
        return cls(**vars(UnlawfulOut.of(verdict)), allowed=verdict.allowed)


class AboutIn(In):
    """What is said of a bulletin: `event_day` of a time-bound notice, `directive` the id of the document behind it."""

    title: str
    field: str
    kind: Kind = Kind.SPEECH
    event_day: date | None = None
    directive: Name | None = None

    def about(self) -> About:
        return About(self.title, self.field, self.kind, self.event_day, self.directive)


class Spoken(AboutIn):
    """A bulletin to be spoken. `commune` may be left out by a person of one commune."""

    text: str
    commune: Name | None = None


class Words(In):
    """What a bulletin should say instead."""

    text: str


class BulletinOut(Out):
    id: str
    commune: str
    title: str
    field: str
    text: str
    author: str
    state: str
    state_title: str
    sha256: str
    duration_ms: int
    loudness_lufs: float
    created_at: Instant
    approver: str | None
    approved_at: Instant | None
    approved_sha256: str | None
    note: str
    kind: str
    event_day: date | None
    directive: str | None

    @classmethod
    def of(cls, bulletin: Bulletin) -> "BulletinOut":
        return cls(**{**vars(bulletin), "state_title": bulletin.state.title})


class Reason(In):
    reason: Annotated[str, Field(max_length=2000)]


class CheckIn(In):
    """`horns`, `battery` or `calibrate`."""

    what: Annotated[str, Field(max_length=20)]


class Plan(In):
    """No `clusters` means all of the commune that are not suspended. `reasons` answer for warnings: rule id → why."""

    start_at: NearInstant
    bulletins: Annotated[list[Name], Field(max_length=16)]
    clusters: Annotated[list[Name], Field(max_length=200)] = []
    commune: Name | None = None
    directive: Name | None = None
    reasons: Annotated[dict[Name, Reasoned], Field(max_length=20)] = {}

    def asked(self, unit: str) -> Asked:
        """What the services take; `unit` is the person's, where no commune is named."""
        return Asked(self.commune or unit, self.start_at, self.bulletins, self.clusters, self.directive, self.reasons)


class Reasons(In):
    """Why, for each rule that warns."""

    reasons: Annotated[dict[Name, Reasoned], Field(max_length=20)] = {}


class DeliveryOut(Out):
    """`started_us`: Unix µs of the first sample by the pole's clock; `start_error_ms` against the planned instant."""

    pole: str
    name: str
    state: str
    state_title: str
    changed_at: Instant | None
    started_us: int | None
    start_error_ms: float | None
    skipped_frames: int
    frames: int | None
    underruns: int | None
    heard_permille: int | None
    note: str

    @classmethod
    def of(cls, cluster: Cluster, delivery: Delivery | None, start_at: datetime) -> "DeliveryOut":
        if delivery is None:
            return cls(pole=cluster.id, name=cluster.name, state="none", state_title="chưa gửi lệnh", changed_at=None,
                       started_us=None, start_error_ms=None, skipped_frames=0, frames=None, underruns=None,
                       heard_permille=None, note="")
        error = None if delivery.started_us is None else (delivery.started_us - to_ms(start_at) * 1000) / 1000
        return cls(pole=cluster.id, name=cluster.name, state=delivery.state, state_title=delivery.state.title,
                   changed_at=delivery.changed_at, started_us=delivery.started_us, start_error_ms=error,
                   skipped_frames=delivery.skipped_frames, frames=delivery.frames, underruns=delivery.underruns,
                   heard_permille=delivery.heard_permille, note=delivery.note)


class ConfirmationOut(Out):
    rule: str
    reason: str
    by: str
    at: Instant


class SessionOut(Out):
    id: str
    commune: str
    start_at: Instant
    end_at: Instant
    duration_ms: int
    urgency: str
    clusters: list[str]
    bulletins: list[str]
    state: str
    state_title: str
    author: str
    created_at: Instant
    media: str | None
    why: str
    directive: str | None
    confirmed: list[ConfirmationOut]

    @classmethod
    def of(cls, session: BroadcastSession) -> "SessionOut":
        return cls(**_session(session))


class SessionWithDeliveries(SessionOut):
    deliveries: list[DeliveryOut]


def _session(session: BroadcastSession) -> dict:
    programme = session.programme
    return {**vars(session), "end_at": session.end_at, "urgency": NAMES[session.urgency],
            "state_title": session.state.title, "media": programme.media if programme else None}


class FeltOut(Out):
    """What a pole feels of itself; null where that is not fitted. `faults` are the pole's words: "horn_open 2"."""

    told_at: Instant
    mains: bool | None
    battery_mv: int | None
    battery_minutes: int | None
    amp_ma: int | None
    horns_ma: list[int]
    temperature_c: int | None
    cabinet_open: bool | None
    rssi_dbm: int | None
    uplink: str
    operator: str
    sim: str
    dial_dbm: int | None
    free_kb: int
    clock: str
    clock_age_s: int
    clock_error_us: int | None
    faults: list[str]

    @classmethod
    def of(cls, felt: Telemetry) -> "FeltOut":
        known = {name: getattr(felt, name) for name, _, _ in Telemetry.FIELDS if name in cls.model_fields}
        return cls(told_at=from_ms(felt.at_ms), **known)


class ClusterOut(Out):
    id: str
    name: str
    commune: str
    area_class: str
    lat: float
    lon: float
    horns: int
    suspended: bool

    @classmethod
    def of(cls, cluster: Cluster) -> "ClusterOut":
        return cls.model_validate(cluster)


class PoleOut(ClusterOut):
    """A cluster, and what its device said last. `online` is None while it never said anything."""

    online: bool | None
    seen_at: Instant | None
    plan_version: int | None
    plan_sealed: int | None
    refused: int | None
    playing: str
    runtime: str
    firmware: str
    felt: FeltOut | None

    @classmethod
    def of(cls, line: PoleLine) -> "PoleOut":
        said = line.state
        return cls(**vars(line.cluster), online=line.online, seen_at=line.seen_at, plan_sealed=line.plan_sealed,
                   plan_version=said.plan_version if said else None, refused=said.refused if said else None,
                   playing=said.playing if said else "", runtime=said.runtime if said else "",
                   firmware=said.firmware if said else "", felt=FeltOut.of(line.felt) if line.felt else None)


class WaveOut(Out):
    """Lowest and highest sample (int16) of equal slices. `first_at` is the instant of the first frame."""

    first_at: Instant
    duration_ms: int
    wave: list[tuple[int, int]]
