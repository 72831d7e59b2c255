"""The tables. Instants are integer Unix milliseconds (`*_at_ms`); no key of any pole is stored here.

A change here needs a migration in migrations/versions; a contract test compares the two.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

# Names and words from closed lists: sorted byte by byte on both databases.
Word = Text().with_variant(Text(collation="C"), "postgresql")
Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only an INTEGER


def _needed(name: str, kind: Any, *rest: Any) -> Column:
    return Column(name, kind, *rest, nullable=False)


communes = Table(
    "communes",
    metadata,
    Column("code", Word, primary_key=True),
    _needed("name", Text),
    _needed("kind", Word),
    _needed("lat", Double),
    _needed("lon", Double),
)

clusters = Table(
    "clusters",
    metadata,
    Column("id", Word, primary_key=True),
    _needed("commune", Word, ForeignKey("communes.code")),
    _needed("name", Text),
    _needed("area_class", Word),
    _needed("lat", Double),
    _needed("lon", Double),
    _needed("horns", Integer),
    _needed("suspended", Boolean),
    Index(None, "commune"),
    Index(None, "lat"),
)

# Clusters of different communes within earshot of each other, both ways (T-14): found when one is placed, so that
# planning does not have to look at the map.
neighbours = Table(
    "neighbours",
    metadata,
    Column("cluster", Word, ForeignKey("clusters.id"), primary_key=True),
    Column("other", Word, ForeignKey("clusters.id"), primary_key=True),
    _needed("metres", Integer),
)

accounts = Table(
    "accounts",
    metadata,
    Column("username", Word, primary_key=True),
    _needed("name", Text),
    _needed("role", Word),
    _needed("unit", Word),
    _needed("password_hash", Text),
    _needed("closed", Boolean),
)

logins = Table(
    "logins",
    metadata,
    Column("token_sha256", Word, primary_key=True),
    _needed("username", Word, ForeignKey("accounts.username")),
    _needed("csrf", Word),
    _needed("created_at_ms", BigInteger),
    _needed("expires_at_ms", BigInteger),
    Index(None, "expires_at_ms"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Serial, primary_key=True),
    _needed("key", Word),
    _needed("at_ms", BigInteger),
    Index(None, "key", "at_ms"),
    Index(None, "at_ms"),
)

# The law of a place: days are "2026-03-07", which sorts as they follow each other.
charters = Table(
    "charters",
    metadata,
    Column("commune", Word, ForeignKey("communes.code"), primary_key=True),
    Column("from_day", Word, primary_key=True),
    _needed("slots", JSON),
    _needed("settings", JSON),
    _needed("number", Text),
    _needed("author", Word),
    Column("created_at_ms", BigInteger),
)

regimes = Table(
    "regimes",
    metadata,
    Column("commune", Word, ForeignKey("communes.code"), primary_key=True),
    Column("from_day", Word, primary_key=True),
    _needed("rule_set", Word),
    _needed("reason", Text),
    _needed("author", Word),
)

directives = Table(
    "directives",
    metadata,
    Column("id", Word, primary_key=True),
    _needed("issuer", Text),
    _needed("number", Text),
    _needed("dated", Word),
    _needed("lifts", JSON),
    _needed("from_day", Word),
    _needed("to_day", Word),
    _needed("subject", Text),
    Column("scan", JSON(none_as_null=True)),
    _needed("author", Word),
    Column("created_at_ms", BigInteger),
    Column("withdrawn_at_ms", BigInteger),
    Index(None, "to_day"),
)

# Whom a directive speaks to: codes of communes, or "all".
directive_communes = Table(
    "directive_communes",
    metadata,
    Column("commune", Word, primary_key=True),
    Column("directive", Word, ForeignKey("directives.id"), primary_key=True),
    _needed("place", Integer),
    Index(None, "directive"),
)

bulletins = Table(
    "bulletins",
    metadata,
    Column("id", Word, primary_key=True),
    _needed("commune", Word, ForeignKey("communes.code")),
    _needed("title", Text),
    _needed("field", Word),
    _needed("text", Text),
    _needed("author", Word),
    _needed("state", Word),
    _needed("sha256", Word),
    _needed("duration_ms", BigInteger),
    _needed("loudness_lufs", Double),
    _needed("created_at_ms", BigInteger),
    Column("approver", Word),
    Column("approved_at_ms", BigInteger),
    Column("approved_sha256", Word),
    _needed("note", Text),
    _needed("kind", Word),
    Column("event_day", Word),
    Column("directive", Word, ForeignKey("directives.id")),
    Index(None, "commune", "created_at_ms"),
    Index(None, "created_at_ms"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Word, primary_key=True),
    _needed("commune", Word, ForeignKey("communes.code")),
    _needed("start_at_ms", BigInteger),
    _needed("duration_ms", BigInteger),
    _needed("urgency", Integer),
    _needed("state", Word),
    _needed("author", Word),
    _needed("created_at_ms", BigInteger),
    Column("media", Word),
    Column("media_bytes", BigInteger),
    Column("media_frames", BigInteger),
    Column("made_of", JSON(none_as_null=True)),
    _needed("why", Text),
    Column("directive", Word, ForeignKey("directives.id")),
    _needed("confirmed", JSON),
    UniqueConstraint("id", "start_at_ms"),  # what session_clusters point at
    Index(None, "commune", "start_at_ms"),
    Index(None, "state", "start_at_ms"),
    Index(None, "start_at_ms"),
)

# The air: who takes which cluster when. The start is repeated here, and kept the same by the foreign key, so
# that the key itself finds the sessions of a cluster within some days among millions.
session_clusters = Table(
    "session_clusters",
    metadata,
    Column("cluster", Word, ForeignKey("clusters.id"), primary_key=True),
    Column("start_at_ms", BigInteger, primary_key=True),
    Column("session", Word, primary_key=True),
    _needed("place", Integer),
    ForeignKeyConstraint(
        ["session", "start_at_ms"], ["sessions.id", "sessions.start_at_ms"], onupdate="CASCADE"
    ),
    UniqueConstraint("session", "place"),
    sqlite_with_rowid=False,
)

session_bulletins = Table(
    "session_bulletins",
    metadata,
    Column("session", Word, ForeignKey("sessions.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    _needed("bulletin", Word, ForeignKey("bulletins.id")),
    Index(None, "bulletin"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("session", Word, ForeignKey("sessions.id"), primary_key=True),
    Column("pole", Word, ForeignKey("clusters.id"), primary_key=True),
    _needed("state", Word),
    _needed("changed_at_ms", BigInteger),
    Column("started_us", BigInteger),
    _needed("skipped_frames", BigInteger),
    Column("frames", BigInteger),
    Column("underruns", BigInteger),
    Column("heard_permille", Integer),
    _needed("note", Text),
)

# Evidence: kept as it came, also from a pole or for a session that is not known here. `body` is its JSON.
receipts = Table(
    "receipts",
    metadata,
    Column("pole", Word, primary_key=True),
    Column("journal", Word, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    _needed("kind", Word),
    _needed("session", Word),
    _needed("stored_at_ms", BigInteger),
    _needed("body", Text),
    CheckConstraint("seq >= 1", name="seq"),
    Index(None, "session"),
    Index(None, "kind", "pole", "seq"),
    Index(None, "kind", "pole", "stored_at_ms"),
)

# Where the search for the first gap in a pole's receipts starts; everything up to here is stored.
receipt_marks = Table(
    "receipt_marks",
    metadata,
    Column("pole", Word, primary_key=True),
    Column("journal", Word, primary_key=True),
    _needed("upto", BigInteger),
)

pole_states = Table(
    "pole_states",
    metadata,
    Column("pole", Word, primary_key=True),
    _needed("online", Integer),
    _needed("at_ms", BigInteger),
    _needed("seen_at_ms", BigInteger),
    _needed("body", Text),
)

# The newest that each pole has felt of itself.
telemetry = Table(
    "telemetry",
    metadata,
    Column("pole", Word, primary_key=True),
    _needed("at_ms", BigInteger),
    _needed("seen_at_ms", BigInteger),
    _needed("body", Text),
)

agendas = Table(
    "agendas",
    metadata,
    Column("commune", Word, ForeignKey("communes.code"), primary_key=True),
    _needed("version", BigInteger),
    _needed("content_sha256", Word),
    _needed("sealed_at_ms", BigInteger),
)

# When the plan of a commune has to be looked at again: a round reads what is due, and not the whole city.
plans_due = Table(
    "plans_due",
    metadata,
    Column("commune", Word, ForeignKey("communes.code"), primary_key=True),
    _needed("due_at_ms", BigInteger),
    Index(None, "due_at_ms"),
)

counters = Table(
    "counters",
    metadata,
    Column("stream", Word, primary_key=True),
    _needed("value", BigInteger),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True),
    _needed("topic", Word),
    _needed("payload", LargeBinary),
    _needed("qos", Integer),
    _needed("retain", Boolean),
    Column("sent_at_ms", BigInteger),
    CheckConstraint("qos IN (0, 1)", name="qos"),
    Index("ix_outbox_unsent", "id", sqlite_where=text("sent_at_ms IS NULL"),
          postgresql_where=text("sent_at_ms IS NULL")),
    Index("ix_outbox_retained", "topic", "id", sqlite_where=text("retain"), postgresql_where=text("retain")),
    Index(None, "sent_at_ms"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    _needed("at_ms", BigInteger),
    _needed("username", Word),
    _needed("action", Word),
    _needed("thing", Word),
    _needed("detail", Text),
    sqlite_autoincrement=True,
)

# One row per thing that somebody may watch: the revision in which it last changed.
revisions = Table(
    "revisions",
    metadata,
    Column("thing", Word, primary_key=True),
    _needed("revision", BigInteger),
    Index(None, "revision"),
)
