"""What people wrote into a form about time, read leniently and told back clearly."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated

from fastapi import Depends, Form, Query

from headend.domain.errors import BadInput
from headend.domain.times import HANOI

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=HANOI), datetime(2100, 1, 1, tzinfo=HANOI)

# 17:00, 17h, 17h05, 17g30, 17.00 (never am or pm: nobody here writes that)
_TIME = re.compile(r"\s*([01]?\d|2[0-3])\s*(?:[:.hg]\s*([0-5]\d)?)?\s*")


@dataclass(frozen=True)
class Wish:
    """When and where a session is wished; no `clusters` means all, no `start_at` that it was left open."""

    start_at: datetime | None
    clusters: list[str]


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


def _posted(day: Annotated[str, Form(max_length=20)] = "", time: Annotated[str, Form(max_length=20)] = "",
            clusters: Annotated[list[str] | None, Form(max_length=200)] = None) -> Wish:
    return Wish(instant(day, time), clusters or [])


def _queried(day: Annotated[str, Query(max_length=20)] = "", time: Annotated[str, Query(max_length=20)] = "",
             clusters: Annotated[list[str] | None, Query(max_length=200)] = None) -> Wish:
    return Wish(instant(day, time), clusters or [])


Posted = Annotated[Wish, Depends(_posted)]
Queried = Annotated[Wish, Depends(_queried)]
