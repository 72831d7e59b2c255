"""Instants: aware datetimes inside, integer Unix milliseconds on the wire and in the database; days of Hà Nội."""

from datetime import UTC, date, datetime, timedelta, timezone

from protocol import civil
from protocol.civil import OFFSET_MS

HANOI = timezone(timedelta(milliseconds=OFFSET_MS), "Asia/Ho_Chi_Minh")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_DAY_ZERO = date(1970, 1, 1).toordinal()


def to_ms(at: datetime) -> int:
    """Unix ms of an aware datetime, rounded down; exact, without floats."""
    return (at - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """Aware UTC datetime of Unix ms."""
    return _EPOCH + ms * _MS


def hanoi(at: datetime) -> datetime:
    """The same instant on a Hà Nội wall clock."""
    return at.astimezone(HANOI)


def day_of(at: datetime) -> date:
    """The civil day of Hà Nội that holds an instant, whatever the server's zone."""
    return date.fromordinal(civil.day_number(to_ms(at)) + _DAY_ZERO)


def day_number(day: date) -> int:
    """Days since 1970-01-01, as `protocol.civil` counts them."""
    return day.toordinal() - _DAY_ZERO


def start_of(day: date) -> datetime:
    """The first instant of a civil day of Hà Nội."""
    return from_ms(civil.instant_ms(day_number(day), 0))


def lasting(seconds: int) -> str:
    """1 phút 05 giây"""
    return f"{seconds // 60} phút {seconds % 60:02d} giây" if seconds >= 60 else f"{seconds} giây"
