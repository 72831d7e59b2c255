"""What poles fetch: encoded programmes and their chunk lists, by hash; what they are for stands in sealed plans."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import FileResponse

from headend.domain.errors import NotFound
from headend.web.door import public
from headend.web.site import Ported

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
TYPE = "application/octet-stream"
routes = APIRouter(prefix="/media")


@routes.get("/{digest}.chunks")
@public
def chunks(ports: Ported, digest: Digest) -> FileResponse:
    """The concatenated SHA-256 of each chunk; its own SHA-256 is `digest`."""
    return _file(ports.sound.media(digest).with_name(f"{digest}.chunks"))


@routes.get("/{digest}")
@public
def media(ports: Ported, digest: Digest) -> FileResponse:
    """The encoded programme; Range is answered, so that a download goes on where it broke off."""
    return _file(ports.sound.media(digest))


def _file(path) -> FileResponse:
    if not path.is_file():
        raise NotFound("Không có tệp này.")
    return FileResponse(path, media_type=TYPE, headers=FOREVER)
