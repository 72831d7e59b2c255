"""Buổi phát: what was ordered, what each pole told, and what it really sounded."""

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from headend.domain.errors import NotFound
from headend.domain.times import to_ms
from headend.ports import Ports
from headend.services import board, sessions
from headend.services.board import EDGE, SessionPage
from headend.web.pages import go_to, page, render
from headend.web.site import Ported, Site, Who, site_of
from headend.web.stream import Parts, open_stream
from headend.web.wave import path

routes = APIRouter(prefix="/sessions")


@routes.get("/{session_id}")
def session_page(request: Request, ports: Ported, person: Who, session_id: str) -> Response:
    shown = board.session(ports, person, session_id)
    return page(request, "page_session.html", shown=shown, source=_source(site_of(request), shown))


def _source(site: Site, shown: SessionPage) -> str:
    """The programme drawn where it should sound on the evidence's line of time; empty before it is made."""
    session = shown.line.session
    if session.programme is None:
        return ""
    whole_ms = session.duration_ms + 2 * EDGE.total_seconds() * 1000
    edge = EDGE.total_seconds() * 1000 / whole_ms
    return path(site.outlines.programme(session.programme.media), edge, 1 - edge)


@routes.get("/{session_id}/live")
async def session_live(request: Request, ports: Ported, person: Who, session_id: str) -> StreamingResponse:
    await to_thread.run_sync(sessions.get, ports, person, session_id)

    def make() -> Parts:
        shown = board.session(ports, person, session_id)
        return Parts(render("part_session.html", {"shown": shown, "source": _source(site_of(request), shown)}),
                     shown.things)

    return open_stream(request, ("session", session_id), make)


@routes.get("/{session_id}/poles/{pole}/heard")
def heard_part(request: Request, ports: Ported, person: Who, session_id: str, pole: str) -> Response:
    """A pole's sound drawn beside the source, or the gap where nothing could listen."""
    heard = board.heard(ports, person, session_id, pole)
    drawn = ""
    if heard:
        session = sessions.get(ports, person, session_id)
        whole_ms = session.duration_ms + 2 * EDGE.total_seconds() * 1000
        start = (to_ms(heard.first_at) - to_ms(session.start_at - EDGE)) / whole_ms
        drawn = path(heard.wave, start, start + heard.duration_ms / whole_ms)
    return page(request, "part_heard.html", heard=heard, drawn=drawn, session_id=session_id, pole=pole)


@routes.get("/{session_id}/poles/{pole}/heard.wav")
def heard_sound(ports: Ported, person: Who, session_id: str, pole: str) -> FileResponse:
    return heard_file(ports, person, session_id, pole)


def heard_file(ports: Ports, person: Who, session_id: str, pole: str) -> FileResponse:
    """What a pole really sounded, as a WAV file. NotFound where nothing could listen."""
    heard = board.heard(ports, person, session_id, pole)
    if heard is None:
        raise NotFound("Không có bản thu của cụm loa này.")
    return FileResponse(heard.wav, media_type="audio/wav")


@routes.post("/{session_id}/withdraw")
def withdraw(request: Request, ports: Ported, person: Who, session_id: str) -> Response:
    sessions.withdraw(ports, person, session_id)
    return go_to(request, f"/sessions/{session_id}")
