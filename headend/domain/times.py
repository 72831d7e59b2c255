"""Instants: aware datetimes inside, integer Unix milliseconds on the wire and in the database."""

from datetime import UTC, datetime, timedelta, timezone

from protocol.civil import OFFSET_MS

HANOI = timezone(timedelta(milliseconds=OFFSET_MS), "Asia/Ho_Chi_Minh")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    """Unix ms of an aware datetime, rounded down; exact, without floats."""
    return (at - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """Aware UTC datetime of Unix ms."""
    return _EPOCH + ms * _MS


def hanoi(at: datetime) -> datetime:
    """The same instant on a Hà Nội wall clock."""
    return at.astimezone(HANOI)
