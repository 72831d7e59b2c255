"""Bulletins."""

from collections.abc import Callable

from fastapi import APIRouter, Request

from headend.api.bodies import Asked, either, made
from headend.api.models import AboutIn, BulletinOut, Reason, Reasons, Spoken, Words
from headend.domain.bulletin import Bulletin
from headend.services import board, bulletins
from headend.web.door import takes_upload
from headend.web.site import Ported, Who, site_of
from headend.web.uploads import Parcel

routes = APIRouter(prefix="/bulletins", tags=["bulletins"])

OTHER = ("commune", "kind", "event_day", "directive")


@routes.get("")
def list_bulletins(ports: Ported, person: Who) -> list[BulletinOut]:
    """The newest hundred of the person's unit."""
    return [BulletinOut.of(one) for one in board.bulletins(ports, person)[0]]


@routes.get("/{bulletin_id}")
def get_bulletin(ports: Ported, person: Who, bulletin_id: str) -> BulletinOut:
    return BulletinOut.of(bulletins.get(ports, person, bulletin_id))


@routes.post("", status_code=201, openapi_extra=either(Spoken, ("title", "field"), OTHER))
@takes_upload
async def create_bulletin(request: Request, ports: Ported, person: Who) -> BulletinOut:
    """A draft: from a recording (multipart) or from text to be spoken (JSON)."""

    def record(parcel: Parcel) -> Bulletin:
        commune = parcel.text("commune") or person.unit
        return bulletins.record(ports, person, commune, parcel.about(), parcel.needed_file())

    def speak(spoken: Spoken) -> Bulletin:
        return bulletins.speak(ports, person, spoken.commune or person.unit, spoken.about(), spoken.text)

    return await _made(request, record, Spoken, speak)


@routes.post("/{bulletin_id}/sound", openapi_extra=either(Words))
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
    return BulletinOut.of(await made(request, record, kind, speak, workshop=site_of(request).workshop))


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
