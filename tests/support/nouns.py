"""Things to store: a small ward to begin with, and strategies that draw every noun."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

from hypothesis import strategies as st

from headend.domain.areas import AreaClass, Cluster, Commune
from headend.domain.bulletin import FIELDS, About, Bulletin, BulletinState, Kind
from headend.domain.charter import Regime, Setting, Slot, StationCharter
from headend.domain.delivery import Delivery, DeliveryState
from headend.domain.directive import Directive, Scan
from headend.domain.person import Person, Role
from headend.domain.session import BroadcastSession, Confirmation, Programme, SessionState
from headend.domain.times import from_ms
from headend.ports import Account, AgendaRecord, AuditEntry, Db, Login, Outgoing
from protocol.messages import KINDS, Receipt, State, Telemetry

MORNING = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # 06:00 of a Tuesday in Hà Nội
MINUTE = timedelta(minutes=1)

WARD = Commune("00070", "Phường Hoàn Kiếm", "phường", 21.0285, 105.8542)
CLUSTERS = [
    Cluster(f"00070-{number:02d}", WARD.code, f"Cụm loa số {number}", AreaClass.Q4, 21.03, 105.85)
    for number in range(1, 7)
]
WRITER = Account(Person("viet", "Nguyễn Văn Viết", Role.BROADCASTER, WARD.code), "$argon2id$writer")


def bulletin(name: str = "b1", **changes) -> Bulletin:
    """A bulletin of the ward."""
    values = {
        "id": name,
        "commune": WARD.code,
        "title": "Lịch tiêm chủng",
        "field": "local_news",
        "text": "",
        "author": WRITER.person.username,
        "state": BulletinState.APPROVED,
        "sha256": "ab" * 32,
        "duration_ms": 61_000,
        "loudness_lufs": -16.1,
        "created_at": MORNING - timedelta(days=1),
    }
    return Bulletin(**{**values, **changes})


def about(title: str = "Lịch tiêm chủng", field: str = "notice", **more) -> About:
    """What is said of a bulletin; of a time-bound notice the day is far ahead."""
    return About(title, field, **{"event_day": date(2030, 1, 1), **more})


def session(name: str = "s1", **changes) -> BroadcastSession:
    """A session of bulletin "b1" at all clusters of the ward."""
    values = {
        "id": name,
        "commune": WARD.code,
        "start_at": MORNING,
        "duration_ms": 75_000,
        "urgency": 0,
        "clusters": tuple(one.id for one in CLUSTERS),
        "bulletins": ("b1",),
        "state": SessionState.PLANNED,
        "author": WRITER.person.username,
        "created_at": MORNING - timedelta(days=1),
    }
    return BroadcastSession(**{**values, **changes})


DIRECTIVE = Directive("d1", "Sở Thông tin và Truyền thông", "12/CV", date(2026, 11, 1), ("T-04",), (WARD.code,),
                      date(2026, 11, 1), date(2026, 12, 31))
JOURNAL = "0a" * 6


def receipt(seq: int, pole: str = "00070-01", kind: str = "ready", session: str = "s1", **more) -> Receipt:
    """What a pole of the ward told."""
    values = {"journal": JOURNAL, "kind": kind, "session": session, "at_ms": 1_795_000_000_000 + seq, **more}
    return Receipt(pole=pole, seq=seq, **values)


def settle(db: Db) -> None:
    """Put the ward, its clusters, one account and one bulletin in place."""
    db.put_communes([WARD])
    for cluster in CLUSTERS:
        db.put_cluster(cluster)
    db.put_account(WRITER)
    db.put_directive(DIRECTIVE)
    db.put_bulletin(bulletin())


# PostgreSQL can not hold U+0000 and no encoding holds lone surrogates; both are refused at the door.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=24)
instants = st.integers(0, 4_102_444_800_000).map(from_ms)
sha256s = st.binary(min_size=32, max_size=32).map(bytes.hex)
days = st.dates(date(1970, 1, 1), date(2100, 1, 1))
minutes = st.integers(0, 1440)
amounts = st.integers(0, 1 << 53)
degrees = st.floats(-180, 180)

communes = st.builds(Commune, names, texts, texts, degrees, degrees)
clusters = st.builds(
    Cluster,
    id=names,
    commune=st.just(WARD.code),
    name=texts,
    area_class=st.sampled_from(AreaClass),
    lat=degrees,
    lon=degrees,
    horns=st.integers(0, 20),
    suspended=st.booleans(),
)
people = st.builds(Person, texts, texts, st.sampled_from(Role), names)
accounts = st.builds(Account, people, texts, st.booleans())
logins = st.builds(Login, sha256s, st.just(WRITER.person.username), texts, instants, instants)
bulletins = st.builds(
    Bulletin,
    id=names,
    commune=st.just(WARD.code),
    title=texts,
    field=st.sampled_from(sorted(FIELDS)),
    text=texts,
    author=texts,
    state=st.sampled_from(BulletinState),
    sha256=sha256s,
    duration_ms=amounts,
    loudness_lufs=st.floats(-90, 10),
    created_at=instants,
    approver=st.none() | texts,
    approved_at=st.none() | instants,
    approved_sha256=st.none() | sha256s,
    note=texts,
    kind=st.sampled_from(Kind),
    event_day=st.none() | days,
    directive=st.none() | st.just("d1"),
)
programmes = st.builds(Programme, sha256s, amounts, amounts, st.lists(sha256s, max_size=3).map(tuple))
sessions = st.builds(
    BroadcastSession,
    id=names,
    commune=st.just(WARD.code),
    start_at=instants,
    duration_ms=st.integers(1, 86_400_000),
    urgency=st.integers(0, 2),
    clusters=st.lists(st.sampled_from([one.id for one in CLUSTERS]), unique=True).map(tuple),
    bulletins=st.lists(st.just("b1"), max_size=3).map(tuple),
    state=st.sampled_from(SessionState),
    author=texts,
    created_at=instants,
    programme=st.none() | programmes,
    why=texts,
    directive=st.none() | st.just("d1"),
    confirmed=st.lists(st.builds(Confirmation, names, texts, texts, instants), max_size=2).map(tuple),
)
slots = st.builds(Slot, st.sampled_from(["morning", "afternoon"]), minutes, minutes, st.none() | amounts)
charters = st.builds(
    StationCharter,
    commune=st.just(WARD.code),
    from_day=days,
    slots=st.lists(slots, max_size=3).map(tuple),
    settings=st.lists(st.builds(Setting, names, names, amounts, texts), max_size=2).map(tuple),
    number=texts,
    author=texts,
    created_at=st.none() | instants,
)
regimes = st.builds(Regime, st.just(WARD.code), days, st.sampled_from(["5133", "D2021"]), texts, texts)
directives = st.builds(
    Directive,
    id=names,
    issuer=texts,
    number=texts,
    dated=days,
    lifts=st.lists(names, max_size=3).map(tuple),
    communes=st.lists(st.sampled_from([WARD.code, "all", "00577"]), unique=True).map(tuple),
    from_day=days,
    to_day=days,
    subject=texts,
    scan=st.none() | st.builds(Scan, sha256s, texts, texts),
    author=texts,
    created_at=st.none() | instants,
    withdrawn_at=st.none() | instants,
)
deliveries = st.builds(
    Delivery,
    session=st.just("s1"),
    pole=st.sampled_from([one.id for one in CLUSTERS]),
    state=st.sampled_from(DeliveryState),
    changed_at=instants,
    started_us=st.none() | amounts,
    skipped_frames=amounts,
    frames=st.none() | amounts,
    underruns=st.none() | amounts,
    heard_permille=st.none() | st.integers(0, 1000),
    note=texts,
)
_words = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\x7f"))
receipts = st.builds(
    Receipt,
    pole=names,
    journal=st.binary(min_size=6, max_size=6).map(bytes.hex),
    seq=st.integers(1, 1 << 53),
    boot=amounts,
    kind=st.sampled_from(KINDS),
    at_ms=amounts,
    session=_words.map(lambda word: word[:40]),
    version=st.none() | amounts,
    first_at_us=st.none() | amounts,
    frames=st.none() | amounts,
    why=st.none() | _words.map(lambda word: word[:80]),
)
states = st.builds(
    State,
    pole=names,
    online=st.integers(0, 1),
    at_ms=amounts,
    boot=amounts,
    runtime=_words.map(lambda word: word[:40]),
    playing=_words.map(lambda word: word[:40]),
    stored=amounts,
)
telemetries = st.builds(
    Telemetry,
    pole=names,
    at_ms=amounts,
    mains=st.none() | st.integers(0, 1),
    battery_mv=st.none() | st.integers(0, 20_000),
    horns_ma=st.lists(st.integers(0, 5_000), max_size=8),
    uplink=st.sampled_from(["", "lan", "wifi", "4g"]),
    temperature_c=st.none() | st.integers(-60, 150),
    faults=st.lists(st.sampled_from(["horn_open 1", "amp_dead"]), max_size=2),
)
agendas = st.builds(AgendaRecord, st.just(WARD.code), amounts, sha256s, instants)
entries = st.builds(AuditEntry, instants, texts, texts, texts, texts)
payloads = st.binary(max_size=200)
outgoings = st.builds(partial(Outgoing, id=0), texts, payloads, st.integers(0, 1), st.booleans())
