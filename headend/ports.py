"""What services need from the outside world. Adapters implement these; `headend.main` hands them over."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from headend.domain.areas import Cluster, Commune
from headend.domain.bulletin import Bulletin, BulletinState
from headend.domain.charter import Regime, StationCharter
from headend.domain.delivery import Delivery
from headend.domain.directive import Directive
from headend.domain.lawful import Near, OnAir
from headend.domain.person import Person
from headend.domain.session import BroadcastSession, SessionState
from headend.law.rulebook import Rulebook
from protocol.messages import Receipt, State, Telemetry
from protocol.schema import Message


@dataclass(frozen=True)
class Account:
    """A person with the Argon2 hash of their password; `closed` accounts can not log in."""

    person: Person
    password_hash: str = field(repr=False)
    closed: bool = False


@dataclass(frozen=True)
class Login:
    """A server-side login: only the SHA-256 of its token is stored. `csrf` must come back with every unsafe request."""

    token_sha256: str
    username: str
    csrf: str = field(repr=False)
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Outgoing:
    """Bytes that must leave for the broker; `id` is 0 until stored."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    id: int = 0


@dataclass(frozen=True)
class Incoming:
    """Bytes that came from the broker."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True)
class StoredReceipt:
    """A receipt as it came in; `at` is when it was stored."""

    receipt: Receipt
    at: datetime


@dataclass(frozen=True)
class AgendaRecord:
    """The newest plan sealed for a commune: its version, and its content without version, to see what changed."""

    commune: str
    version: int
    content_sha256: str
    sealed_at: datetime


@dataclass(frozen=True)
class AuditEntry:
    """Nhật ký thao tác: who did what to which thing, when."""

    at: datetime
    username: str
    action: str
    thing: str
    detail: str = ""


class Unavailable(Exception):
    """The database cannot do this now: it is down, busy or full, or a deadlock was broken. Trying again may help.

    Nothing was stored, except perhaps where the line broke during the commit itself.
    """


class Db(Protocol):
    """One transaction. `lock=True` holds the row until the end of it. Missing things are None."""

    def lock_station(self, commune: str) -> None:
        """Wait for, and hold, the right to plan at this commune (two plans must not take the same air)."""

    # places
    def put_communes(self, communes: Iterable[Commune]) -> None: ...
    def communes(self) -> list[Commune]: ...
    def commune(self, code: str) -> Commune | None: ...
    def put_cluster(self, cluster: Cluster) -> None: ...
    def clusters(self, commune: str | None = None, ids: Sequence[str] | None = None) -> list[Cluster]: ...
    def cluster(self, cluster_id: str) -> Cluster | None: ...

    # people
    def put_account(self, account: Account) -> None: ...
    def account(self, username: str) -> Account | None: ...
    def accounts(self) -> list[Account]: ...
    def put_login(self, login: Login) -> None: ...
    def login(self, token_sha256: str) -> Login | None: ...
    def end_login(self, token_sha256: str) -> None: ...
    def end_logins_before(self, at: datetime) -> None: ...
    def record_attempt(self, key: str, at: datetime) -> None:
        """A failed log-in for an account or an address."""
    def attempts_since(self, key: str, since: datetime) -> int: ...

    # the law of a place
    def put_charter(self, charter: StationCharter) -> None:
        """Replaces the one of the same commune and day."""
    def charters(self, commune: str) -> list[StationCharter]:
        """Those that were, are and will be in force, the last first."""
    def put_regime(self, regime: Regime) -> None: ...
    def regimes(self, commune: str | None = None) -> list[Regime]:
        """Of a commune the last first; of all of them commune by commune."""
    def put_directive(self, directive: Directive) -> None: ...
    def directive(self, directive_id: str) -> Directive | None: ...
    def directives_of(self, ids: Sequence[str]) -> dict[str, Directive]: ...
    def directives(self, commune: str | None = None, from_day: date | None = None, limit: int = 200) -> list[Directive]:
        """Newest first; those that reach a commune, those in force on a day or later."""

    # what is said
    def put_bulletin(self, bulletin: Bulletin) -> None: ...
    def bulletin(self, bulletin_id: str, lock: bool = False) -> Bulletin | None: ...
    def bulletins_of(self, ids: Sequence[str]) -> dict[str, Bulletin]: ...
    def bulletins(self, commune: str | None = None, limit: int = 100,
                  states: Sequence[BulletinState] | None = None) -> list[Bulletin]:
        """Newest first."""
    def put_session(self, session: BroadcastSession) -> None: ...
    def session(self, session_id: str, lock: bool = False) -> BroadcastSession | None: ...
    def sessions(self, commune: str | None = None, states: Sequence[SessionState] | None = None,
                 start_from: datetime | None = None, start_to: datetime | None = None) -> list[BroadcastSession]:
        """In the order of their start, start_from <= start < start_to."""
    def sessions_without_sound(self) -> list[BroadcastSession]:
        """Approved sessions whose programme has not been made, in the order of their start."""
    def sessions_of_bulletin(self, bulletin_id: str) -> list[BroadcastSession]: ...
    def air(self, clusters: Sequence[str], start: datetime, end: datetime) -> list[OnAir]:
        """What takes air (session.TAKES_AIR, emergencies never) at these clusters with a start in [start, end)."""
    def busy(self, commune: str, clusters: Sequence[str], start: datetime, end: datetime) -> list[OnAir]:
        """The same for clusters of one commune, coarse and found faster: as if each session were at all of them."""
    def near(self, clusters: Sequence[str], metres: int, start: datetime, end: datetime) -> list[Near]:
        """What clusters of other communes have on air at any instant of [start, end), within `metres` (at most
        areas.MOST_METRES) of ours: of each session the nearest to each of our clusters.
        """

    # what the poles tell
    def put_deliveries(self, deliveries: Iterable[Delivery]) -> None: ...
    def delivery(self, session_id: str, pole: str, lock: bool = False) -> Delivery | None: ...
    def deliveries(self, session_id: str, poles: Sequence[str] | None = None, lock: bool = False) -> list[Delivery]:
        """In the order of the poles; of these poles, or of all."""
    def add_receipts(self, receipts: Sequence[Receipt], at: datetime) -> list[Receipt]:
        """Those that are new, in their order: of each (pole, journal, seq) only the first that ever came is stored."""
    def receipts(self, pole: str | None = None, session: str | None = None,
                 kinds: Sequence[str] | None = None) -> list[StoredReceipt]: ...
    def receipts_upto(self, journals: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """For each (pole, journal) the highest seq n such that 1…n are all stored."""
    def put_pole_states(self, states: Sequence[State], seen_at: datetime) -> None:
        """Keeps the newest by `at_ms`; an offline one replaces an online one of the same instant."""
    def pole_states(self, poles: Sequence[str] | None = None) -> list[tuple[State, datetime]]: ...
    def put_telemetry(self, told: Sequence[Telemetry], seen_at: datetime) -> None:
        """Keeps the newest of each pole by `at_ms`."""
    def telemetry(self, poles: Sequence[str] | None = None) -> list[tuple[Telemetry, datetime]]: ...
    def newest_receipts(self, poles: Sequence[str], kinds: Sequence[str], limit: int) -> list[StoredReceipt]:
        """Of these poles and kinds, as they were stored, the newest first."""

    # what leaves
    def put_agenda(self, record: AgendaRecord) -> None: ...
    def agenda(self, commune: str) -> AgendaRecord | None: ...
    def put_plan_due(self, commune: str, at: datetime) -> None:
        """The plan of this commune has to be looked at again at this instant, and not at the one said before."""
    def plans_due(self, now: datetime) -> list[str]:
        """The communes whose plan has to be looked at by now, the longest due first."""
    def next_counter(self, stream: str) -> int:
        """1, 2, 3 … for (kid, to, type); never the same twice, also not after a crash."""
    def post(self, outgoing: Outgoing) -> None:
        """Into the outbox, in the same transaction as the decision."""
    def unsent(self, limit: int = 100) -> list[Outgoing]: ...
    def mark_sent(self, ids: Sequence[int], at: datetime) -> None: ...
    def resend_retained(self) -> None:
        """Of each topic the newest retained message becomes unsent: for a broker that may have forgotten it."""

    # what was done, and that something changed
    def record(self, entry: AuditEntry) -> None: ...
    def audit(self, limit: int = 200) -> list[AuditEntry]: ...
    def touch(self, thing: str) -> None:
        """Bump the revision of a thing that pages watch ("session:<id>", "commune:<code>")."""
    def revisions(self, after: int) -> tuple[int, list[str]]:
        """(newest revision, things touched after `after`): what live pages poll once for all their watchers."""


class Transactions(Protocol):
    """`with db() as …` is one transaction: commits at the end, rolls back on an exception. Raises Unavailable."""

    def __call__(self, readonly: bool = False) -> AbstractContextManager[Db]:
        """With `readonly` everything is seen as of one instant, nobody is waited for, and an attempt to write fails."""


class Leader(Protocol):
    """Of several head-ends on one database one at a time does a work; this is one candidate for it."""

    def leads(self) -> bool:
        """Whether this one leads now; becomes the leader if nobody is. Ask again before each piece of work."""
    def resign(self) -> None:
        """Let another one lead."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC datetime."""


class Sealer(Protocol):
    def kid(self, order_type: str) -> int: ...
    def seal(self, seq: int, iat_ms: int, exp_ms: int, to: str, message: Message) -> bytes: ...


class Passwords(Protocol):
    def hash(self, password: str) -> str: ...
    def matches(self, password_hash: str, password: str) -> bool:
        """Constant time; also burns the same time for an unknown account (`password_hash` "")."""


@dataclass(frozen=True)
class Prepared:
    """A normalised recording: 16 kHz mono WAV at `path`, named by its SHA-256."""

    sha256: str
    path: Path
    frames: int
    duration_ms: int
    loudness_lufs: float
    true_peak_db: float


@dataclass(frozen=True)
class Media:
    """Encoded audio on disk as poles fetch it: `<digest>` and `<digest>.chunks`."""

    digest: str
    bytes: int
    frames: int
    duration_ms: int


class Sound(Protocol):
    """See headend/adapters/audio. `prepare` raises BadInput with a Vietnamese sentence."""

    def prepare(self, source: Path) -> Prepared: ...
    def speak(self, text: str) -> Prepared: ...
    def recording(self, sha256: str) -> Path: ...
    def programme_ms(self, durations_ms: Sequence[int]) -> int: ...
    def programme(self, sha256s: Sequence[str]) -> Media:
        """Join chime, pauses and recordings, encode; checks that each file still has its SHA-256 (BadInput if not)."""
    def media(self, digest: str) -> Path: ...
    def programme_sound(self, digest: str, frames: int, edge_ms: int) -> Path:
        """A programme as poles decode it: a WAV file, with silence of `edge_ms` at both ends."""
    def source_wave(self, digest: str, width: int) -> list[tuple[int, int]]:
        """Outline of a programme: lowest and highest sample (int16) of each of `width` equal slices."""
    def recording_wave(self, sha256: str, width: int) -> list[tuple[int, int]]:
        """The same of a recording; FileNotFoundError where it is gone."""


@dataclass(frozen=True)
class Heard:
    """What really left a pole's sink: a WAV file, and the instant of its first frame."""

    wav: Path
    first_at: datetime
    duration_ms: int
    wave: list[tuple[int, int]]


class Ears(Protocol):
    """Recordings of what poles really sounded: captures of virtual poles, microphones of real ones."""

    def heard(self, pole: str, start: datetime, end: datetime) -> Heard | None:
        """None where nothing could listen: a gap, shown as a gap."""


class Papers(Protocol):
    """Scans of directives."""

    def keep(self, source: Path) -> str:
        """Copy a file in; the SHA-256 that names it."""
    def path(self, sha256: str) -> Path: ...


@dataclass(frozen=True)
class Ports:
    """Everything a service may touch."""

    db: Transactions
    clock: Clock
    sound: Sound
    sealer: Sealer
    passwords: Passwords
    ears: Ears
    papers: Papers
    books: Mapping[str, Rulebook]
    new_id: Callable[[], str]
    pole_key: Callable[[str], bytes] = field(repr=False)
    wake: Callable[[], None] = lambda: None  # something is in the outbox, or waits to be sealed
