"""Cụm loa: where they are, what their devices said last, and which are set aside."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from headend.domain.person import may
from headend.services import board, checks, places, poles
from headend.web.pages import go_to, page, render
from headend.web.site import Ported, Who
from headend.web.stream import Parts, open_stream

MAP_SECONDS = 24 * 3600
routes = APIRouter()


@routes.get("/poles")
def poles_page(request: Request, ports: Ported, person: Who,
               aside: Annotated[str, Query(max_length=80)] = "",
               test: Annotated[str, Query(max_length=80)] = "",
               sent: Annotated[str, Query(max_length=80)] = "") -> Response:
    """With `aside` also the form that sets this cluster aside, or lets it speak again; with `test` the one that tests
    this cluster, and with `sent` that it has been asked to.
    """
    shown = poles.poles(ports, person)

    def chosen(name: str, action: str) -> poles.PoleLine | None:
        """The pole of this name, if the person may."""
        return next((one for one in shown.poles if one.cluster.id == name and may(person, action, one.cluster.commune)),
                    None)

    return page(request, "page_poles.html", shown=shown, aside=chosen(aside, "cluster.suspend"),
                tested=chosen(test, "pole.care"), asked=chosen(sent, "pole.care"))


@routes.post("/poles/{pole}/check")
def check(request: Request, ports: Ported, person: Who, pole: str,
          what: Annotated[str, Form(max_length=20)] = "") -> Response:
    checks.check(ports, person, pole, what)
    return go_to(request, "/poles", {"sent": pole})


Reason = Annotated[str, Form(max_length=2000)]


@routes.post("/poles/{pole}/suspend")
def suspend(request: Request, ports: Ported, person: Who, pole: str, reason: Reason = "") -> Response:
    places.set_aside(ports, person, pole, True, reason)
    return go_to(request, "/poles")


@routes.post("/poles/{pole}/resume")
def resume(request: Request, ports: Ported, person: Who, pole: str, reason: Reason = "") -> Response:
    places.set_aside(ports, person, pole, False, reason)
    return go_to(request, "/poles")


@routes.get("/live/poles")
async def poles_live(request: Request, ports: Ported, person: Who) -> StreamingResponse:
    def make() -> Parts:
        shown = poles.poles(ports, person)
        return Parts(render("part_poles.html", {"shown": shown, "may": partial(may, person)}), shown.things)

    return open_stream(request, ("poles", person.role, person.unit), make)


@routes.get("/communes.json")
def communes(ports: Ported, person: Who) -> JSONResponse:
    """The background of maps: name, latitude, longitude of each commune."""
    known = [[one.name, one.lat, one.lon] for one in board.communes(ports)]
    return JSONResponse(known, headers={"Cache-Control": f"private, max-age={MAP_SECONDS}"})
