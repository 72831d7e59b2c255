"""Hôm nay: the day at a station, and what to do next."""

from datetime import date, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from headend.domain.errors import NotFound
from headend.domain.person import EVERYWHERE, Person, Role
from headend.ports import Ports
from headend.services import board
from headend.services.board import Next
from headend.web.asked import instant
from headend.web.door import public
from headend.web.pages import page, render
from headend.web.site import Ported, Who, site_of
from headend.web.stream import Parts, open_stream

routes = APIRouter()


@routes.get("/")
def today_page(request: Request, ports: Ported, person: Who, day: date | None = None) -> Response:
    """`day` shows another day than today."""
    shown = board.today(ports, person, _instant(day))
    return page(request, "page_today.html", today=shown, Next=Next, day=day)


@routes.get("/live/today")
async def today_live(request: Request, ports: Ported, person: Who, day: date | None = None) -> StreamingResponse:
    """What `today_page` shows, whenever it changes; people of one role and unit see the same."""

    def make() -> Parts:
        shown = board.today(ports, person, _instant(day))
        return Parts(render("part_today.html", {"today": shown, "Next": Next, "person": person}), shown.things)

    return open_stream(request, ("today", person.role, person.unit, day), make)


@routes.get("/live/start")
@public
async def start_live(request: Request, ports: Ported) -> StreamingResponse:
    """The way of the bulletin on the log-in page: only in a demonstration."""
    if site_of(request).demo is None:
        raise NotFound("Không có trang này.")
    return open_stream(request, "start", lambda: start(ports))


def start(ports: Ports) -> Parts:
    """What goes on in a demonstration, for people who have not entered yet."""
    shown = board.today(ports, Person("", "", Role.STAFF, EVERYWHERE))
    return Parts(render("part_start.html", {"today": shown}), shown.things)


def _instant(day: date | None) -> datetime | None:
    return instant(day.isoformat(), "00:00") if day else None
