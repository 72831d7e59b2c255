"""Directives: recorded, looked up, withdrawn."""

from fastapi import APIRouter, Request
from starlette.responses import FileResponse

from headend.api.bodies import either, made
from headend.api.law_models import DirectiveIn, DirectiveOut
from headend.domain.directive import Directive
from headend.services import directives
from headend.web.directives import SCAN, recorded, scan_file
from headend.web.door import takes_upload
from headend.web.site import Ported, Who
from headend.web.uploads import Parcel

routes = APIRouter(prefix="/directives", tags=["directives"])


@routes.get("")
def list_directives(ports: Ported, person: Who) -> list[DirectiveOut]:
    """Those that reach the person's unit, the newest first."""
    return [DirectiveOut.of(one) for one in directives.all_of(ports, person)]


@routes.post("", status_code=201, openapi_extra=either(
    DirectiveIn, ("issuer", "number", "dated", "from_day", "to_day"), ("subject",), lists=("lifts", "communes"),
    file="scan", file_needed=False))
@takes_upload
async def record_directive(request: Request, ports: Ported, person: Who) -> DirectiveOut:
    """Write one down: with its scan (multipart: PDF, JPEG or PNG) or without (JSON)."""

    def with_scan(parcel: Parcel) -> Directive:
        return recorded(ports, person, parcel)

    def plain(told: DirectiveIn) -> Directive:
        return directives.record(ports, person, told.told(person.unit))

    return DirectiveOut.of(await made(request, with_scan, DirectiveIn, plain, limit=SCAN))


@routes.get("/{directive_id}")
def get_directive(ports: Ported, person: Who, directive_id: str) -> DirectiveOut:
    return DirectiveOut.of(directives.get(ports, person, directive_id))


@routes.get("/{directive_id}/scan", response_class=FileResponse)
def get_scan(ports: Ported, person: Who, directive_id: str) -> FileResponse:
    """The paper as it was uploaded; 404 where none was."""
    return scan_file(ports, person, directive_id)


@routes.post("/{directive_id}/withdraw")
def withdraw(ports: Ported, person: Who, directive_id: str) -> DirectiveOut:
    """It lifts nothing any more; what rests on it and has not begun is judged again."""
    return DirectiveOut.of(directives.withdraw(ports, person, directive_id))
