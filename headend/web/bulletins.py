"""Bản tin: written by one person, approved by another."""

from datetime import datetime
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Form, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from headend.api.models import VerdictOut
from headend.domain.bulletin import FIELDS, KINDS, About, Bulletin, BulletinState
from headend.domain.errors import BadInput
from headend.domain.lawful import Unconfirmed, Unlawful, Verdict
from headend.domain.person import Person, may, require
from headend.domain.session import BroadcastSession
from headend.ports import Ports
from headend.services import board, bulletins, planning, sessions
from headend.services.sessions import Asked
from headend.web import words
from headend.web.asked import Posted, Queried, Told, Wish, instant, reasons
from headend.web.door import takes_upload
from headend.web.pages import go_to, is_htmx, page, render
from headend.web.site import Ported, Who, site_of
from headend.web.stream import Parts, open_stream
from headend.web.uploads import Parcel, receive

routes = APIRouter(prefix="/bulletins")

CHARACTERS_PER_SECOND = 14  # of spoken Vietnamese, for estimates only
USUAL_MS = 60_000
MOST_MS = 24 * 3600 * 1000
DRAFT = "draft"
NOTHING_ASKED = Wish(None, [])
NOTHING_TOLD = About("", "local_news")
CHOICES = {"fields": FIELDS, "kinds": KINDS}


@routes.get("")
def bulletins_page(request: Request, ports: Ported, person: Who) -> Response:
    found, communes = board.bulletins(ports, person)
    return page(request, "page_bulletins.html", bulletins=found, communes=communes, fields=FIELDS)


@routes.get("/new")
def new_page(request: Request, ports: Ported, person: Who, commune: str = "") -> Response:
    """An empty form with a lawful start already filled in."""
    choice = planning.communes_to_write(ports, person)
    code = commune or (choice[0].code if choice else person.unit)
    require(person, "bulletin.write", code)
    plan = planning.plan(ports, person, code, ports.sound.programme_ms([USUAL_MS]))
    return page(request, "page_bulletin_new.html", plan=plan, choice=choice, wish=NOTHING_ASKED, about=NOTHING_TOLD,
                **CHOICES, **_word(ports, None, NOTHING_ASKED))


@routes.post("/foresee")
def foresee(request: Request, ports: Ported, person: Who, commune: Annotated[str, Form()], wish: Posted,
            about: Told, text: Annotated[str, Form(max_length=20_000)] = "", sound: Annotated[str, Form()] = "text",
            file_ms: Annotated[int, Form(ge=0, le=MOST_MS)] = 0) -> Response:
    """The law's word while the form is filled in, by what is said of the bulletin and its estimated length."""
    require(person, "session.plan", commune)
    spoken_ms = len(text) * 1000 // CHARACTERS_PER_SECOND if sound == "text" else file_ms
    length_ms = ports.sound.programme_ms([spoken_ms or USUAL_MS])
    verdict = None
    if wish.start_at:
        asked = Asked(commune, wish.start_at, [], wish.clusters, wish.directive or None)
        verdict = planning.foresee(ports, person, asked, about, length_ms, spoken_ms or USUAL_MS)
    return page(request, "part_verdict.html", **_word(ports, verdict, wish, length_ms if spoken_ms else None))


def _word(ports: Ports, verdict: Verdict | None, wish: Wish, length_ms: int | None = None) -> dict[str, Any]:
    """The values of part_verdict.html; `length_ms` where the length is an estimate that should be told."""
    late = wish.start_at is not None and wish.start_at < ports.clock.now() + sessions.LEAD
    return {"verdict": VerdictOut.of(verdict) if verdict else None, "late": late, "length_ms": length_ms,
            "reasons": wish.reasons}


@routes.post("")
@takes_upload
async def create(request: Request, ports: Ported, person: Who) -> Response:
    """One press: make the bulletin, take air for it, send both for approval (or only keep it as a draft)."""
    async with receive(request) as parcel:
        wish = _wish(parcel)
        made = await to_thread.run_sync(_make, ports, person, parcel, limiter=site_of(request).workshop)
    submit = parcel.text("then") != DRAFT
    return await to_thread.run_sync(_send, request, ports, person, made, wish, submit)


def _wish(parcel: Parcel) -> Wish:
    why = reasons(parcel.fields.get("warned", []), parcel.fields.get("why", []))
    return Wish(instant(parcel.text("day"), parcel.text("time")), parcel.fields.get("clusters", []),
                parcel.text("session_directive"), why)


def _make(ports: Ports, person: Person, parcel: Parcel) -> Bulletin:
    commune, about = parcel.text("commune"), parcel.about()
    if parcel.text("sound") == "text":
        return bulletins.speak(ports, person, commune, about, parcel.text("text"))
    if parcel.file is None:
        raise BadInput("Hãy chọn một tệp âm thanh, hoặc gõ nội dung để máy đọc.", "file")
    return bulletins.record(ports, person, commune, about, parcel.file)


def _send(request: Request, ports: Ports, person: Person, made: Bulletin, wish: Wish, submit: bool) -> Response:
    """A refused time does not lose the bulletin: its page opens with the refusal and the lawful slots."""
    here = f"/bulletins/{made.id}"
    if not submit:
        return go_to(request, here)
    try:
        return _plan_and_submit(request, ports, person, made, wish)
    except (Unlawful, BadInput):
        return go_to(request, here, _in_url(wish))


def _in_url(wish: Wish) -> dict[str, Any]:
    """The wish as the bulletin's page takes it."""
    at = {"day": words.date_in_url(wish.start_at), "time": words.minute(wish.start_at)} if wish.start_at else {}
    return {**at, "clusters": wish.clusters, "session_directive": wish.directive}


def _plan_and_submit(request: Request, ports: Ports, person: Person, bulletin: Bulletin, wish: Wish) -> Response:
    target = f"/bulletins/{bulletin.id}"
    if wish.start_at:
        session = sessions.plan(ports, person, _asked(bulletin, wish.start_at, wish))
        target = f"/sessions/{session.id}"
    if bulletin.state is BulletinState.DRAFT:
        bulletins.submit(ports, person, bulletin.id)
    return go_to(request, target)


@routes.get("/{bulletin_id}")
def bulletin_page(request: Request, ports: Ported, person: Who, bulletin_id: str, wish: Queried) -> Response:
    """One bulletin; with a wish also what the law says to it."""
    shown = board.bulletin(ports, person, bulletin_id)
    one, plan, verdict = shown.bulletin, None, None
    if may(person, "session.plan", one.commune) and one.state is not BulletinState.WITHDRAWN:
        plan = planning.plan(ports, person, one.commune, ports.sound.programme_ms([one.duration_ms]))
        verdict = _judge(ports, person, one, wish)
    wave = site_of(request).outlines.recording(one.sha256)
    return page(request, "page_bulletin.html", shown=shown, wave_points=wave, plan=plan, wish=wish, about=one,
                standing=_standing(ports, person, one), **CHOICES, **_word(ports, verdict, wish))


def _standing(ports: Ports, person: Person, bulletin: Bulletin) -> list[tuple[BroadcastSession, Verdict]]:
    """For who may approve: what the law says now to the sessions that wait for it."""
    if bulletin.state is not BulletinState.SUBMITTED or not may(person, "bulletin.approve", bulletin.commune):
        return []
    return sessions.waiting_for(ports, person, bulletin.id)


def _judge(ports: Ports, person: Person, bulletin: Bulletin, wish: Wish) -> Verdict | None:
    if wish.start_at is None:
        return None
    return sessions.check(ports, person, _asked(bulletin, wish.start_at, wish))


def _asked(bulletin: Bulletin, start_at: datetime, wish: Wish) -> Asked:
    return Asked(bulletin.commune, start_at, [bulletin.id], wish.clusters, wish.directive or None, wish.reasons)


@routes.get("/{bulletin_id}/live")
async def bulletin_live(request: Request, ports: Ported, person: Who, bulletin_id: str) -> StreamingResponse:
    await to_thread.run_sync(bulletins.get, ports, person, bulletin_id)

    def make() -> Parts:
        shown = board.bulletin(ports, person, bulletin_id)
        return Parts(render("part_bulletin.html", {"shown": shown}), shown.things)

    return open_stream(request, ("bulletin", bulletin_id), make)


@routes.get("/{bulletin_id}/sound.wav")
def sound(ports: Ported, person: Who, bulletin_id: str) -> FileResponse:
    """The normalised recording, as it would be broadcast."""
    bulletin = bulletins.get(ports, person, bulletin_id)
    return FileResponse(ports.sound.recording(bulletin.sha256), media_type="audio/wav")


@routes.post("/{bulletin_id}/sound")
@takes_upload
async def mend(request: Request, ports: Ported, person: Who, bulletin_id: str) -> Response:
    """Other words or another recording for a bulletin that exists."""
    async with receive(request) as parcel:
        await to_thread.run_sync(_mend, ports, person, bulletin_id, parcel, limiter=site_of(request).workshop)
    return go_to(request, f"/bulletins/{bulletin_id}")


def _mend(ports: Ports, person: Person, bulletin_id: str, parcel: Parcel) -> None:
    if "text" in parcel.fields:
        bulletins.replace_text(ports, person, bulletin_id, parcel.text("text"))
    else:
        bulletins.replace_recording(ports, person, bulletin_id, parcel.needed_file())


@routes.post("/{bulletin_id}/check")
def check(request: Request, ports: Ported, person: Who, bulletin_id: str, wish: Posted) -> Response:
    """The law's word on a session of this bulletin; changes nothing."""
    verdict = _judge(ports, person, bulletins.get(ports, person, bulletin_id), wish)
    return page(request, "part_verdict.html", **_word(ports, verdict, wish))


@routes.post("/{bulletin_id}/plan")
def plan(request: Request, ports: Ported, person: Who, bulletin_id: str, wish: Posted) -> Response:
    """Take air for a bulletin that exists, and send it for approval if it was not yet."""
    try:
        return _plan_and_submit(request, ports, person, bulletins.get(ports, person, bulletin_id), wish)
    except Unconfirmed as why:
        return _ask_why(request, why, bulletin_id, _in_url(wish))


def _ask_why(request: Request, why: Unconfirmed, bulletin_id: str, query: dict[str, Any] | None = None) -> Response:
    """Where warnings want reasons, a browser without scripts is led to the page that has the fields for them."""
    if is_htmx(request):
        raise why
    return go_to(request, f"/bulletins/{bulletin_id}", query)


@routes.post("/{bulletin_id}/about")
def describe(request: Request, ports: Ported, person: Who, bulletin_id: str, about: Told) -> Response:
    """Other words about a bulletin that exists."""
    bulletins.describe(ports, person, bulletin_id, about)
    return go_to(request, f"/bulletins/{bulletin_id}")


@routes.post("/{bulletin_id}/approve")
def approve(request: Request, ports: Ported, person: Who, bulletin_id: str, wish: Posted) -> Response:
    try:
        bulletins.approve(ports, person, bulletin_id, wish.reasons)
    except Unconfirmed as why:
        return _ask_why(request, why, bulletin_id)
    return go_to(request, f"/bulletins/{bulletin_id}")


@routes.post("/{bulletin_id}/send-back")
def send_back(request: Request, ports: Ported, person: Who, bulletin_id: str,
              reason: Annotated[str, Form(max_length=2000)] = "") -> Response:
    bulletins.send_back(ports, person, bulletin_id, reason)
    return go_to(request, f"/bulletins/{bulletin_id}")


@routes.post("/{bulletin_id}/withdraw")
def withdraw(request: Request, ports: Ported, person: Who, bulletin_id: str) -> Response:
    bulletins.withdraw(ports, person, bulletin_id)
    return go_to(request, f"/bulletins/{bulletin_id}")
