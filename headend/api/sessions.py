"""Sessions: asked of the law, planned, watched, withdrawn."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import FileResponse

from headend.api.models import DeliveryOut, NearInstant, Plan, SessionOut, SessionWithDeliveries, VerdictOut, WaveOut
from headend.domain.errors import BadInput, NotFound
from headend.services import board, sessions
from headend.services.board import DAY
from headend.web.sessions import heard_file
from headend.web.site import Ported, Who

MOST_DAYS = 31
routes = APIRouter(prefix="/sessions", tags=["sessions"])


@routes.post("/check")
def check(ports: Ported, person: Who, plan: Plan) -> VerdictOut:
    """What the law would say; changes nothing."""
    return VerdictOut.of(sessions.check(ports, person, plan.asked(person.unit)))


@routes.post("", status_code=201)
def plan_session(ports: Ported, person: Who, plan: Plan) -> SessionOut:
    """Take air. Waits for the approval of its bulletins where that is still due."""
    session = sessions.plan(ports, person, plan.asked(person.unit))
    return SessionOut.of(sessions.get(ports, person, session.id))


@routes.get("")
def list_sessions(ports: Ported, person: Who,
                  start_from: Annotated[NearInstant | None, Query(alias="from")] = None,
                  start_to: Annotated[NearInstant | None, Query(alias="to")] = None) -> list[SessionOut]:
    """In the order of their start; without `from` today's, without `to` those of eight days."""
    first = start_from or board.start_of_day(ports.clock.now())
    last = start_to or first + 8 * DAY
    if last - first > timedelta(days=MOST_DAYS):
        raise BadInput(f"Mỗi lần xem nhiều nhất {MOST_DAYS} ngày.", "to")
    return [SessionOut.of(one) for one in board.session_list(ports, person, first, last)]


@routes.get("/{session_id}")
def get_session(ports: Ported, person: Who, session_id: str) -> SessionWithDeliveries:
    shown = board.session(ports, person, session_id)
    session = shown.line.session
    told = [DeliveryOut.of(one.cluster, one.delivery, session.start_at) for one in shown.poles]
    return SessionWithDeliveries(**vars(SessionOut.of(session)), deliveries=told)


@routes.post("/{session_id}/withdraw")
def withdraw(ports: Ported, person: Who, session_id: str) -> SessionOut:
    """Cancel, also while it is on air."""
    return SessionOut.of(sessions.withdraw(ports, person, session_id))


@routes.get("/{session_id}/poles/{pole}/heard.wav", response_class=FileResponse)
def heard_sound(ports: Ported, person: Who, session_id: str, pole: str) -> FileResponse:
    """What the pole really sounded; 404 where nothing could listen."""
    return heard_file(ports, person, session_id, pole)


@routes.get("/{session_id}/poles/{pole}/wave.json")
def heard_wave(ports: Ported, person: Who, session_id: str, pole: str) -> WaveOut:
    """The outline of what the pole really sounded."""
    heard = board.heard(ports, person, session_id, pole)
    if heard is None:
        raise NotFound("Không có bản thu của cụm loa này.")
    return WaveOut(first_at=heard.first_at, duration_ms=heard.duration_ms, wave=heard.wave)
