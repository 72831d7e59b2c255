"""The first tables.

Written out, not taken from schema.py: what this step makes must never change, whatever the schema becomes.
"""

from typing import Any

from alembic import op
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
    Text,
    UniqueConstraint,
    text,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Word = Text().with_variant(Text(collation="C"), "postgresql")
Serial = BigInteger().with_variant(Integer, "sqlite")

TABLES = (
    "communes", "clusters", "neighbours", "accounts", "logins", "attempts", "charters", "regimes", "directives",
    "directive_communes", "bulletins", "sessions", "session_clusters",
    "session_bulletins", "deliveries", "receipts", "receipt_marks", "pole_states", "telemetry", "agendas", "plans_due",
    "counters", "outbox", "audit", "revisions",
)


def upgrade() -> None:
    for make in (_places, _people, _law, _bulletins, _sessions, _told, _leaves, _done):
        make()


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)


def _needed(name: str, kind: Any, *rest: Any) -> Column:
    return Column(name, kind, *rest, nullable=False)


def _places() -> None:
    op.create_table(
        "communes",
        Column("code", Word, primary_key=True),
        _needed("name", Text),
        _needed("kind", Word),
        _needed("lat", Double),
        _needed("lon", Double),
    )
    op.create_table(
        "clusters",
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
    op.create_table(
        "neighbours",
        Column("cluster", Word, ForeignKey("clusters.id"), primary_key=True),
        Column("other", Word, ForeignKey("clusters.id"), primary_key=True),
        _needed("metres", Integer),
    )


def _people() -> None:
    op.create_table(
        "accounts",
        Column("username", Word, primary_key=True),
        _needed("name", Text),
        _needed("role", Word),
        _needed("unit", Word),
        _needed("password_hash", Text),
        _needed("closed", Boolean),
    )
    op.create_table(
        "logins",
        Column("token_sha256", Word, primary_key=True),
        _needed("username", Word, ForeignKey("accounts.username")),
        _needed("csrf", Word),
        _needed("created_at_ms", BigInteger),
        _needed("expires_at_ms", BigInteger),
        Index(None, "expires_at_ms"),
    )
    op.create_table(
        "attempts",
        Column("id", Serial, primary_key=True),
        _needed("key", Word),
        _needed("at_ms", BigInteger),
        Index(None, "key", "at_ms"),
        Index(None, "at_ms"),
    )


def _law() -> None:
    op.create_table(
        "charters",
        Column("commune", Word, ForeignKey("communes.code"), primary_key=True),
        Column("from_day", Word, primary_key=True),
        _needed("slots", JSON),
        _needed("settings", JSON),
        _needed("number", Text),
        _needed("author", Word),
        Column("created_at_ms", BigInteger),
    )
    op.create_table(
        "regimes",
        Column("commune", Word, ForeignKey("communes.code"), primary_key=True),
        Column("from_day", Word, primary_key=True),
        _needed("rule_set", Word),
        _needed("reason", Text),
        _needed("author", Word),
    )
    op.create_table(
        "directives",
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
    op.create_table(
        "directive_communes",
        Column("commune", Word, primary_key=True),
        Column("directive", Word, ForeignKey("directives.id"), primary_key=True),
        _needed("place", Integer),
        Index(None, "directive"),
    )


def _bulletins() -> None:
    op.create_table(
        "bulletins",
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


def _sessions() -> None:
    op.create_table(
        "sessions",
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
    op.create_table(
        "session_clusters",
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
    op.create_table(
        "session_bulletins",
        Column("session", Word, ForeignKey("sessions.id"), primary_key=True),
        Column("place", Integer, primary_key=True),
        _needed("bulletin", Word, ForeignKey("bulletins.id")),
        Index(None, "bulletin"),
    )


def _told() -> None:
    op.create_table(
        "deliveries",
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
    op.create_table(
        "receipts",
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
    op.create_table(
        "receipt_marks",
        Column("pole", Word, primary_key=True),
        Column("journal", Word, primary_key=True),
        _needed("upto", BigInteger),
    )
    op.create_table(
        "pole_states",
        Column("pole", Word, primary_key=True),
        _needed("online", Integer),
        _needed("at_ms", BigInteger),
        _needed("seen_at_ms", BigInteger),
        _needed("body", Text),
    )
    op.create_table(
        "telemetry",
        Column("pole", Word, primary_key=True),
        _needed("at_ms", BigInteger),
        _needed("seen_at_ms", BigInteger),
        _needed("body", Text),
    )


def _leaves() -> None:
    op.create_table(
        "agendas",
        Column("commune", Word, ForeignKey("communes.code"), primary_key=True),
        _needed("version", BigInteger),
        _needed("content_sha256", Word),
        _needed("sealed_at_ms", BigInteger),
    )
    op.create_table(
        "plans_due",
        Column("commune", Word, ForeignKey("communes.code"), primary_key=True),
        _needed("due_at_ms", BigInteger),
        Index(None, "due_at_ms"),
    )
    op.create_table(
        "counters",
        Column("stream", Word, primary_key=True),
        _needed("value", BigInteger),
    )
    op.create_table(
        "outbox",
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


def _done() -> None:
    op.create_table(
        "audit",
        Column("id", Serial, primary_key=True),
        _needed("at_ms", BigInteger),
        _needed("username", Word),
        _needed("action", Word),
        _needed("thing", Word),
        _needed("detail", Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "revisions",
        Column("thing", Word, primary_key=True),
        _needed("revision", BigInteger),
        Index(None, "revision"),
    )
