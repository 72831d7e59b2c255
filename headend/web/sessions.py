"""Buổi phát: what was ordered, what each pole told, and what it really sounded."""

from datetime import datetime

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from headend.domain.errors import NotFound
from headend.domain.person import Person
from headend.domain.session import BroadcastSession
from headend.ports import Ports
from headend.services import board, sessions
from headend.services.board import span
from headend.web.pages import go_to, page, render
from headend.web.site import Ported, Site, Who, site_of
from headend.web.stream import Parts, open_stream
from headend.web.wave import path

routes = APIRouter(prefix="/sessions")


@routes.get("/{session_id}")
def session_page(request: Request, ports: Ported, person: Who, session_id: str) -> Response:
    shown = board.session(ports, person, session_id)
    return page(request, "page_session.html", shown=shown, source=_source(site_of(request), shown.line.session))


def _source(site: Site, session: BroadcastSession) -> str:
    """The programme drawn where it should sound; empty before it is made."""
    if session.programme is None:
        return ""
    wave = site.outlines.programme(session.programme.media)
    return path(wave, *_on_the_line(session, session.start_at, session.duration_ms))


def _on_the_line(session: BroadcastSession, first_at: datetime, duration_ms: int) -> tuple[float, float]:
    """Where a sound begins and ends (0–1) on the line of time that all sounds of a session are drawn on."""
    begin, end = span(session)
    whole_ms = (end - begin).total_seconds() * 1000
    start = (first_at - begin).total_seconds() * 1000 / whole_ms
    return start, start + duration_ms / whole_ms


@routes.get("/{session_id}/live")
async def session_live(request: Request, ports: Ported, person: Who, session_id: str) -> StreamingResponse:
    await to_thread.run_sync(sessions.get, ports, person, session_id)

    def make() -> Parts:
        shown = board.session(ports, person, session_id)
        source = _source(site_of(request), shown.line.session)
        return Parts(render("part_session.html", {"shown": shown, "source": source}), shown.things)

    return open_stream(request, ("session", session_id), make)


@routes.get("/{session_id}/source.wav")
def source_sound(ports: Ported, person: Who, session_id: str) -> FileResponse:
    """The programme, with the silence before and after it that poles are listened to in."""
    return FileResponse(board.source(ports, person, session_id), media_type="audio/wav")


@routes.get("/{session_id}/poles/{pole}/heard")
def heard_part(request: Request, ports: Ported, person: Who, session_id: str, pole: str) -> Response:
    """A pole's sound drawn beside the source, or the gap where nothing could listen."""
    heard = board.heard(ports, person, session_id, pole)
    drawn = ""
    if heard:
        session = sessions.get(ports, person, session_id)
        drawn = path(heard.wave, *_on_the_line(session, heard.first_at, heard.duration_ms))
    return page(request, "part_heard.html", heard=heard, drawn=drawn, session_id=session_id, pole=pole)


@routes.get("/{session_id}/poles/{pole}/heard.wav")
def heard_sound(ports: Ported, person: Who, session_id: str, pole: str) -> FileResponse:
    return heard_file(ports, person, session_id, pole)


def heard_file(ports: Ports, person: Person, session_id: str, pole: str) -> FileResponse:
    """What a pole really sounded, as a WAV file. NotFound where nothing could listen."""
    heard = board.heard(ports, person, session_id, pole)
    if heard is None:
        raise NotFound("Không có bản thu của cụm loa này.")
    return FileResponse(heard.wav, media_type="audio/wav")


@routes.post("/{session_id}/withdraw")
def withdraw(request: Request, ports: Ported, person: Who, session_id: str) -> Response:
    sessions.withdraw(ports, person, session_id)
    return go_to(request, f"/sessions/{session_id}")
