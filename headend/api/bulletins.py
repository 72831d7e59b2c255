"""Bulletins."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from pydantic import ValidationError

from headend.api.models import BulletinOut, Reason, Spoken
from headend.domain.bulletin import Bulletin
from headend.domain.errors import BadInput
from headend.domain.person import Person
from headend.ports import Ports
from headend.services import board, bulletins
from headend.web.door import CSRF_HEADER, check_token, takes_upload
from headend.web.shield import MOST_BODY, TooLarge
from headend.web.site import Ported, Who, site_of
from headend.web.uploads import Parcel, receive

routes = APIRouter(prefix="/bulletins", tags=["bulletins"])

_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {
    "application/json": {"schema": Spoken.model_json_schema()},
    "multipart/form-data": {"schema": {
        "type": "object", "required": ["title", "field", "file"],
        "properties": {"title": {"type": "string"}, "field": {"type": "string"}, "commune": {"type": "string"},
                       "file": {"type": "string", "format": "binary"}}}},
}}}


@routes.get("")
def list_bulletins(ports: Ported, person: Who) -> list[BulletinOut]:
    """The newest hundred of the person's unit."""
    return [BulletinOut.of(one) for one in board.bulletins(ports, person)[0]]


@routes.get("/{bulletin_id}")
def get_bulletin(ports: Ported, person: Who, bulletin_id: str) -> BulletinOut:
    return BulletinOut.of(bulletins.get(ports, person, bulletin_id))


@routes.post("", status_code=201, openapi_extra=_BODY)
@takes_upload
async def create_bulletin(request: Request, ports: Ported, person: Who) -> BulletinOut:
    """A draft: from a recording (multipart) or from text to be spoken (JSON)."""
    workshop = site_of(request).workshop
    if request.headers.get("content-type", "").startswith("multipart/"):
        async with receive(request) as parcel:
            return BulletinOut.of(await to_thread.run_sync(_record, ports, person, parcel, limiter=workshop))
    check_token(request, request.headers.get(CSRF_HEADER, ""))
    spoken = _parse(await _body(request))
    return BulletinOut.of(await to_thread.run_sync(_speak, ports, person, spoken, limiter=workshop))


def _record(ports: Ports, person: Person, parcel: Parcel) -> Bulletin:
    if parcel.file is None:
        raise BadInput("Hãy gửi kèm một tệp âm thanh.", "file")
    commune = parcel.text("commune") or person.unit
    return bulletins.record(ports, person, commune, parcel.text("title"), parcel.text("field"), parcel.file)


def _speak(ports: Ports, person: Person, spoken: Spoken) -> Bulletin:
    return bulletins.speak(ports, person, spoken.commune or person.unit, spoken.title, spoken.field, spoken.text)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY:
            raise TooLarge
    return bytes(body)


def _parse(body: bytes) -> Spoken:
    try:
        return Spoken.model_validate_json(body)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadInput("Có chỗ nhập chưa đúng.", where) from None


@routes.post("/{bulletin_id}/submit")
def submit(ports: Ported, person: Who, bulletin_id: str) -> BulletinOut:
    return BulletinOut.of(bulletins.submit(ports, person, bulletin_id))


@routes.post("/{bulletin_id}/approve")
def approve(ports: Ported, person: Who, bulletin_id: str) -> BulletinOut:
    return BulletinOut.of(bulletins.approve(ports, person, bulletin_id))


@routes.post("/{bulletin_id}/send-back")
def send_back(ports: Ported, person: Who, bulletin_id: str, why: Reason) -> BulletinOut:
    return BulletinOut.of(bulletins.send_back(ports, person, bulletin_id, why.reason))


@routes.post("/{bulletin_id}/withdraw")
def withdraw(ports: Ported, person: Who, bulletin_id: str) -> BulletinOut:
    return BulletinOut.of(bulletins.withdraw(ports, person, bulletin_id))
