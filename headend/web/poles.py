"""Cụm loa: where they are, and what their devices said last."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from headend.services import board
from headend.web.pages import page, render
from headend.web.site import Ported, Who
from headend.web.stream import Parts, open_stream

MAP_SECONDS = 24 * 3600
routes = APIRouter()


@routes.get("/poles")
def poles_page(request: Request, ports: Ported, person: Who) -> Response:
    return page(request, "page_poles.html", shown=board.poles(ports, person))


@routes.get("/live/poles")
async def poles_live(request: Request, ports: Ported, person: Who) -> StreamingResponse:
    def make() -> Parts:
        shown = board.poles(ports, person)
        return Parts(render("part_poles.html", {"shown": shown}), shown.things)

    return open_stream(request, ("poles", person.unit), make)


@routes.get("/communes.json")
def communes(ports: Ported, person: Who) -> JSONResponse:
    """The background of maps: name, latitude, longitude of each commune."""
    known = [[one.name, one.lat, one.lon] for one in board.communes(ports)]
    return JSONResponse(known, headers={"Cache-Control": f"private, max-age={MAP_SECONDS}"})
