"""What people wrote into a form about time and about a bulletin, read leniently and told back clearly."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Annotated

from fastapi import Depends, Form, Query

from headend.domain.bulletin import KINDS, About, Kind
from headend.domain.errors import BadInput
from headend.domain.times import HANOI
from headend.services.sessions import MOST_REASON

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=HANOI), datetime(2100, 1, 1, tzinfo=HANOI)

# 17:00, 17h, 17h05, 17g30, 17.00 (never am or pm: nobody here writes that)
_TIME = re.compile(r"\s*([01]?\d|2[0-3])\s*(?:[:.hg]\s*([0-5]\d)?)?\s*")


@dataclass(frozen=True)
class Wish:
    """When and where a session is wished; no `clusters` means all, no `start_at` that it was left open.

    `directive` is the document that it calls upon; `reasons` answer for warnings, rule id → why.
    """

    start_at: datetime | None
    clusters: list[str]
    directive: str = ""
    reasons: dict[str, str] = field(default_factory=dict)


def instant(day: str, clock: str) -> datetime | None:
    """The instant on a Hà Nội clock, None where no day was chosen. BadInput."""
    if not day:
        return None
    found = _TIME.fullmatch(clock)
    if not found:
        raise BadInput("Hãy ghi giờ phát theo 24 giờ, ví dụ 17:00.", "time")
    try:
        at = datetime.combine(date.fromisoformat(day), time(int(found[1]), int(found[2] or 0)), HANOI)
    except ValueError:
        raise BadInput("Hãy chọn ngày phát.", "day") from None
    if not EARLIEST <= at < LATEST:
        raise BadInput("Hãy chọn ngày phát.", "day")
    return at


def minute_of(clock: str, field_: str) -> int:
    """The minute of the day that somebody wrote. BadInput."""
    found = _TIME.fullmatch(clock)
    if not found:
        raise BadInput("Hãy ghi giờ theo 24 giờ, ví dụ 06:30.", field_)
    return int(found[1]) * 60 + int(found[2] or 0)


def civil_day(value: str, name: str) -> date | None:
    """A day of a form, None where it was left open. BadInput."""
    if not value.strip():
        return None
    try:
        found = date.fromisoformat(value.strip())
    except ValueError:
        found = date.min
    if not EARLIEST.date() <= found < LATEST.date():
        raise BadInput("Hãy ghi ngày theo lịch, ví dụ 07/03/2026.", name)
    return found


def about(title: str, field_: str, kind: str, event_day: str, directive: str) -> About:
    """What a form says of a bulletin; what it leaves out is a spoken one without event. BadInput."""
    if kind and kind not in KINDS:
        raise BadInput("Hãy chọn loại nội dung của bản tin.", "kind")
    return About(title, field_, Kind(kind or Kind.SPEECH), civil_day(event_day, "event_day"), directive or None)


def reasons(names: list[str], values: list[str]) -> dict[str, str]:
    """The reasons of a form, rule id → why: two fields each, in step; what was left open is none."""
    return {name[:80]: value[:MOST_REASON] for name, value in zip(names, values, strict=False) if value.strip()}


def _about(title: Annotated[str, Form(max_length=2000)] = "", field: Annotated[str, Form(max_length=80)] = "",
           kind: Annotated[str, Form(max_length=80)] = "", event_day: Annotated[str, Form(max_length=20)] = "",
           directive: Annotated[str, Form(max_length=80)] = "") -> About:
    return about(title, field, kind, event_day, directive)


def _posted(day: Annotated[str, Form(max_length=20)] = "", time: Annotated[str, Form(max_length=20)] = "",
            clusters: Annotated[list[str] | None, Form(max_length=200)] = None,
            session_directive: Annotated[str, Form(max_length=80)] = "",
            warned: Annotated[list[str] | None, Form(max_length=20)] = None,
            why: Annotated[list[str] | None, Form(max_length=20)] = None) -> Wish:
    return Wish(instant(day, time), clusters or [], session_directive, reasons(warned or [], why or []))


def _queried(day: Annotated[str, Query(max_length=20)] = "", time: Annotated[str, Query(max_length=20)] = "",
             clusters: Annotated[list[str] | None, Query(max_length=200)] = None,
             session_directive: Annotated[str, Query(max_length=80)] = "") -> Wish:
    return Wish(instant(day, time), clusters or [], session_directive)


Told = Annotated[About, Depends(_about)]
Posted = Annotated[Wish, Depends(_posted)]
Queried = Annotated[Wish, Depends(_queried)]
