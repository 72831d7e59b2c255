"""Bulletins."""

from collections.abc import Callable
from typing import Any, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Request
from pydantic import ValidationError

from headend.api.models import AboutIn, BulletinOut, In, Reason, Reasons, Spoken, Words
from headend.domain.bulletin import Bulletin
from headend.domain.errors import BadInput
from headend.services import board, bulletins
from headend.web.door import CSRF_HEADER, check_token, takes_upload
from headend.web.shield import MOST_BODY, TooLarge
from headend.web.site import Ported, Who, site_of
from headend.web.uploads import Parcel, receive

routes = APIRouter(prefix="/bulletins", tags=["bulletins"])

Asked = TypeVar("Asked", bound=In)
OTHER = ("commune", "kind", "event_day", "directive")


def _either(spoken: type[In], needed: tuple[str, ...] = (), other: tuple[str, ...] = ()) -> dict[str, Any]:
    """How the description tells of a body that is JSON with a text to speak, or multipart with words and a file."""
    words = {word: {"type": "string"} for word in (*needed, *other)}
    recorded = {"type": "object", "required": [*needed, "file"],
                "properties": {**words, "file": {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "content": {
        "application/json": {"schema": spoken.model_json_schema()},
        "multipart/form-data": {"schema": recorded}}}}


@routes.get("")
def list_bulletins(ports: Ported, person: Who) -> list[BulletinOut]:
    """The newest hundred of the person's unit."""
    return [BulletinOut.of(one) for one in board.bulletins(ports, person)[0]]


@routes.get("/{bulletin_id}")
def get_bulletin(ports: Ported, person: Who, bulletin_id: str) -> BulletinOut:
    return BulletinOut.of(bulletins.get(ports, person, bulletin_id))


@routes.post("", status_code=201, openapi_extra=_either(Spoken, ("title", "field"), OTHER))
@takes_upload
async def create_bulletin(request: Request, ports: Ported, person: Who) -> BulletinOut:
    """A draft: from a recording (multipart) or from text to be spoken (JSON)."""

    def record(parcel: Parcel) -> Bulletin:
        commune = parcel.text("commune") or person.unit
        return bulletins.record(ports, person, commune, parcel.about(), parcel.needed_file())

    def speak(spoken: Spoken) -> Bulletin:
        return bulletins.speak(ports, person, spoken.commune or person.unit, spoken.about(), spoken.text)

    return await _made(request, record, Spoken, speak)


@routes.post("/{bulletin_id}/sound", openapi_extra=_either(Words))
@takes_upload
async def replace_sound(request: Request, ports: Ported, person: Who, bulletin_id: str) -> BulletinOut:
    """Another recording (multipart) or other words (JSON) for a bulletin that exists; it is a draft again."""

    def record(parcel: Parcel) -> Bulletin:
        return bulletins.replace_recording(ports, person, bulletin_id, parcel.needed_file())

    def speak(words: Words) -> Bulletin:
        return bulletins.replace_text(ports, person, bulletin_id, words.text)

    return await _made(request, record, Words, speak)


async def _made(request: Request, record: Callable[[Parcel], Bulletin], kind: type[Asked],
                speak: Callable[[Asked], Bulletin]) -> BulletinOut:
    """What `record` makes of a multipart body, or `speak` of a JSON body of this kind."""
    workshop = site_of(request).workshop
    if request.headers.get("content-type", "").startswith("multipart/"):
        async with receive(request) as parcel:
            return BulletinOut.of(await to_thread.run_sync(record, parcel, limiter=workshop))
    check_token(request, request.headers.get(CSRF_HEADER, ""))
    told = _parse(kind, await _body(request))
    return BulletinOut.of(await to_thread.run_sync(speak, told, limiter=workshop))


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY:
            raise TooLarge
    return bytes(body)


def _parse(kind: type[Asked], body: bytes) -> Asked:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadInput("Có chỗ nhập chưa đúng.", where) from None


@routes.post("/{bulletin_id}/submit")
def submit(ports: Ported, person: Who, bulletin_id: str) -> BulletinOut:
    return BulletinOut.of(bulletins.submit(ports, person, bulletin_id))


@routes.post("/{bulletin_id}/approve")
def approve(ports: Ported, person: Who, bulletin_id: str, why: Reasons | None = None) -> BulletinOut:
    """Free it, and the sessions that waited for it; with reasons where one of them has come to warn meanwhile."""
    return BulletinOut.of(bulletins.approve(ports, person, bulletin_id, why.reasons if why else None))


@routes.post("/{bulletin_id}/about")
def describe(ports: Ported, person: Who, bulletin_id: str, what: AboutIn) -> BulletinOut:
    """Say something else of a bulletin; it is a draft again."""
    return BulletinOut.of(bulletins.describe(ports, person, bulletin_id, what.about()))


@routes.post("/{bulletin_id}/send-back")
def send_back(ports: Ported, person: Who, bulletin_id: str, why: Reason) -> BulletinOut:
    return BulletinOut.of(bulletins.send_back(ports, person, bulletin_id, why.reason))


@routes.post("/{bulletin_id}/withdraw")
def withdraw(ports: Ported, person: Who, bulletin_id: str) -> BulletinOut:
    return BulletinOut.of(bulletins.withdraw(ports, person, bulletin_id))
