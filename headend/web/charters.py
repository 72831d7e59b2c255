"""Quy chế đài: the hours and caps of a commune, and the rule-set that binds it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from headend.domain.areas import AreaClass
from headend.domain.charter import Setting, Slot, StationCharter
from headend.domain.errors import BadInput
from headend.law.rulebook import Rule
from headend.services import board, places
from headend.services.places import LocalLaw
from headend.web.asked import civil_day, minute_of
from headend.web.law import local
from headend.web.pages import go_to, page
from headend.web.rulings import read_number, settable
from headend.web.site import Ported, Who
from protocol import civil

routes = APIRouter(prefix="/charter")

ROWS = 4  # of hours in the form, at least
MOST_MINUTES = 24 * 60
Texts = Annotated[list[str] | None, Form(max_length=40)]


@routes.get("")
def charter_page(request: Request, ports: Ported, person: Who,
                 commune: Annotated[str, Query(max_length=20)] = "") -> Response:
    """The commune's own; the city chooses one."""
    here = local(ports, person, commune)
    if here is None:
        return page(request, "page_charter_choose.html", communes=board.communes(ports))
    return page(request, "page_charter.html", here=here, books=ports.books, caps=caps(here), rows=rows(here.charter),
                settable=list(settable(here.book, here.charter)), tomorrow=here.today + timedelta(days=1))


def caps(here: LocalLaw) -> list[tuple[AreaClass, Rule, int]]:
    """For each class of the commune's clusters the rule that caps a session there, and its seconds."""
    return [(one, *min(here.book.caps(one), key=lambda cap: cap[1])) for one in here.classes]


@dataclass(frozen=True)
class Row:
    """A row of hours as the form shows it."""

    half_day: str
    start: str = ""
    end: str = ""
    minutes: str = ""


def rows(charter: StationCharter | None) -> list[Row]:
    """The hours that hold now, and empty rows to add others."""
    slots = sorted(charter.slots, key=lambda one: one.from_minute) if charter else []
    found = [Row(one.half_day, f"{one.from_minute // 60:02d}:{one.from_minute % 60:02d}",
                 f"{one.to_minute // 60:02d}:{one.to_minute % 60:02d}",
                 "" if one.max_seconds is None else f"{one.max_seconds / 60:g}".replace(".", ",")) for one in slots]
    halves = [civil.MORNING, civil.AFTERNOON] * ROWS
    return found + [Row(half) for half in halves[len(found):max(ROWS, len(found) + 1)]]


def _slots(slot_half: Texts = None, slot_from: Texts = None, slot_to: Texts = None,
           slot_minutes: Texts = None) -> tuple[Slot, ...]:
    """The rows of hours that were filled in. BadInput."""
    given = zip(slot_half or [], slot_from or [], slot_to or [], slot_minutes or [], strict=False)
    return tuple(Slot(half, minute_of(start, "slot_from"), minute_of(end, "slot_to"), _seconds(minutes))
                 for half, start, end, minutes in given if start.strip() or end.strip() or minutes.strip())


def _seconds(minutes: str) -> int | None:
    if not minutes.strip():
        return None
    try:
        found = round(float(minutes.strip().replace(",", ".")) * 60)
    except (ValueError, OverflowError):
        found = 0
    if not 0 < found <= MOST_MINUTES * 60:
        raise BadInput("Hãy ghi số phút nhiều nhất của mỗi buổi, ví dụ 15.", "slot_minutes")
    return found


def _settings(set_rule: Texts = None, set_name: Texts = None, set_value: Texts = None,
              set_reason: Texts = None) -> tuple[Setting, ...]:
    """The numbers that were set otherwise; what was left open stays as the law has it. BadInput."""
    given = zip(set_rule or [], set_name or [], set_value or [], set_reason or [], strict=False)
    return tuple(Setting(rule, name, read_number(name, value, "set_value"), reason.strip())
                 for rule, name, value, reason in given if value.strip())


@routes.post("/{code}")
def issue(request: Request, ports: Ported, person: Who, code: str, slots: Annotated[tuple, Depends(_slots)],
          settings: Annotated[tuple, Depends(_settings)], from_day: Annotated[str, Form(max_length=20)] = "",
          number: Annotated[str, Form(max_length=400)] = "") -> Response:
    places.issue_charter(ports, person, code, _day(from_day), slots, settings, number)
    return _back(request, code)


@routes.post("/{code}/rule-set")
def choose_rules(request: Request, ports: Ported, person: Who, code: str,
                 rule_set: Annotated[str, Form(max_length=20)] = "",
                 from_day: Annotated[str, Form(max_length=20)] = "",
                 reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
    places.choose_rules(ports, person, code, _day(from_day), rule_set, reason)
    return _back(request, code)


def _day(written: str) -> date:
    found = civil_day(written, "from_day")
    if found is None:
        raise BadInput("Hãy ghi ngày bắt đầu áp dụng.", "from_day")
    return found


def _back(request: Request, code: str) -> Response:
    return go_to(request, "/charter", {"commune": code})
