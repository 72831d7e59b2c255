"""Văn bản chỉ đạo: recorded with its scan, looked up, withdrawn."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, Response

from headend.domain.directive import Directive
from headend.domain.errors import BadInput, NotFound
from headend.domain.person import EVERYWHERE, Person, may, require
from headend.domain.times import day_of
from headend.law.rulebook import DEFAULT_SET, Rule
from headend.ports import Ports
from headend.services import board, directives
from headend.services.directives import MOST_SCAN, Told
from headend.web.asked import civil_day
from headend.web.door import takes_upload
from headend.web.pages import go_to, page
from headend.web.site import Ported, Who
from headend.web.uploads import Limit, Parcel, receive

routes = APIRouter(prefix="/directives")

SCAN = Limit(MOST_SCAN, f"Bản quét lớn nhất {MOST_SCAN // 1024 // 1024} MB.", "scan")
# Browsers show a PDF by a viewer of their own, which counts as an object of the page; still nothing from elsewhere.
VIEWED = "; ".join(("default-src 'none'", "object-src 'self'", "img-src 'self'", "style-src 'unsafe-inline'",
                    "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"))
SUFFIXES = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}


@dataclass(frozen=True)
class Shelf:
    """Directives that stand together on the list."""

    title: str
    directives: list[Directive]


@routes.get("")
def directives_page(request: Request, ports: Ported, person: Who) -> Response:
    found, today = directives.all_of(ports, person), day_of(ports.clock.now())
    ended = [one for one in found if one.withdrawn_at or one.to_day < today]
    coming = [one for one in found if one.from_day > today and one not in ended]
    shelves = [Shelf("Đang áp dụng", [one for one in found if one not in ended and one not in coming]),
               Shelf("Sắp áp dụng", coming), Shelf("Đã hết hạn hoặc thôi áp dụng", ended)]
    return page(request, "page_directives.html", shelves=shelves, communes=_names(ports), EVERYWHERE=EVERYWHERE)


@routes.get("/new")
def new_page(request: Request, ports: Ported, person: Who,
             commune: Annotated[str, Query(max_length=20)] = "") -> Response:
    """A form: a commune's approver records for that commune, the city for whom it chooses (`commune` to begin with)."""
    require(person, "directive.write", commune or person.unit)
    return page(request, "page_directive_new.html", rules=liftable(ports), communes=board.communes(ports),
                chosen=commune, today=day_of(ports.clock.now()), EVERYWHERE=EVERYWHERE)


@routes.post("")
@takes_upload
async def record(request: Request, ports: Ported, person: Who) -> Response:
    async with receive(request, SCAN) as parcel:
        made = await to_thread.run_sync(recorded, ports, person, parcel)
    return go_to(request, f"/directives/{made.id}")


def recorded(ports: Ports, person: Person, parcel: Parcel) -> Directive:
    """What a multipart body tells of a directive, written down. BadInput, NotAllowed."""
    return directives.record(ports, person, told(parcel, person.unit), parcel.file, parcel.file_name)


def told(parcel: Parcel, unit: str) -> Told:
    """The fields of a form; without `communes` it is for the person's own unit. BadInput."""
    communes = [one for one in parcel.fields.get("communes", []) if one]
    if not communes and unit != EVERYWHERE:
        communes = [unit]
    if EVERYWHERE in communes:
        communes = [EVERYWHERE]
    return Told(parcel.text("issuer"), parcel.text("number"), _needed(parcel, "dated"), parcel.fields.get("lifts", []),
                communes, _needed(parcel, "from_day"), _needed(parcel, "to_day"), parcel.text("subject"))


def _needed(parcel: Parcel, name: str) -> date:
    found = civil_day(parcel.text(name), name)
    if found is None:
        raise BadInput({"dated": "Hãy ghi ngày của văn bản.", "from_day": "Hãy ghi ngày văn bản bắt đầu áp dụng.",
                        "to_day": "Hãy ghi ngày cuối cùng văn bản còn áp dụng."}[name], name)
    return found


@routes.get("/{directive_id}")
def directive_page(request: Request, ports: Ported, person: Who, directive_id: str) -> Response:
    found = directives.get(ports, person, directive_id)
    rules = {rule.id: (book, rule) for book, rule in liftable(ports)}
    called = directives.called_upon(ports, person, found)
    return page(request, "page_directive.html", one=found, lifts=[rules[rule] for rule in found.lifts if rule in rules],
                communes=_names(ports), today=day_of(ports.clock.now()), EVERYWHERE=EVERYWHERE, called=called,
                author=board.name_of(ports, found.author),
                may_withdraw=all(may(person, "directive.write", one) for one in found.communes))


@routes.get("/{directive_id}/scan")
def scan(ports: Ported, person: Who, directive_id: str) -> FileResponse:
    return scan_file(ports, person, directive_id)


def scan_file(ports: Ports, person: Person, directive_id: str) -> FileResponse:
    """The paper as it was uploaded, under the type and the ending that its first bytes told, whatever it was called."""
    path, about = directives.scan(ports, person, directive_id)
    if not path.is_file():
        raise NotFound("Bản quét này không còn trên máy chủ.")
    suffix = SUFFIXES[about.media_type]
    name = about.name.rpartition(".")[0] or about.name or "ban-quet"
    return FileResponse(path, media_type=about.media_type, filename=name + suffix, content_disposition_type="inline",
                        headers={"Content-Security-Policy": VIEWED})


@routes.post("/{directive_id}/withdraw")
def withdraw(request: Request, ports: Ported, person: Who, directive_id: str) -> Response:
    directives.withdraw(ports, person, directive_id)
    return go_to(request, f"/directives/{directive_id}")


def liftable(ports: Ports) -> list[tuple[str, Rule]]:
    """The rules that a directive may lift, each with the set whose words it has: the default where that holds it."""
    books = [ports.books[DEFAULT_SET], *ports.books.values()]
    return [next((book.id, book.rules[one]) for book in books if one in book.rules)
            for one in directives.liftable(ports)]


def _names(ports: Ports) -> dict[str, str]:
    return {one.code: one.name for one in board.communes(ports)}
