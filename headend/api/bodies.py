"""Bodies that are either JSON, or multipart with the same words and a file."""

from collections.abc import Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from pydantic import ValidationError

from headend.api.models import In
from headend.domain.errors import BadInput
from headend.web.door import CSRF_HEADER, check_token
from headend.web.shield import MOST_BODY, TooLarge
from headend.web.uploads import Limit, Parcel, receive

Asked = TypeVar("Asked", bound=In)
Made = TypeVar("Made")


def either(plain: type[In], needed: tuple[str, ...] = (), other: tuple[str, ...] = (), *, lists: tuple[str, ...] = (),
           file: str = "file", file_needed: bool = True) -> dict[str, Any]:
    """How the description tells of such a body."""
    words: dict[str, Any] = {word: {"type": "string"} for word in (*needed, *other)}
    words.update({word: {"type": "array", "items": {"type": "string"}} for word in lists})
    recorded = {"type": "object", "required": [*needed, *([file] if file_needed else [])],
                "properties": {**words, file: {"type": "string", "format": "binary"}}}
    return {"requestBody": {"required": True, "content": {
        "application/json": {"schema": plain.model_json_schema()},
        "multipart/form-data": {"schema": recorded}}}}


async def made(request: Request, of_parcel: Callable[[Parcel], Made], kind: type[Asked],
               of_json: Callable[[Asked], Made], *, workshop: CapacityLimiter | None = None,
               limit: Limit | None = None) -> Made:
    """What `of_parcel` makes of a multipart body, or `of_json` of a JSON body of this kind."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        async with receive(request, limit) as parcel:
            return await to_thread.run_sync(of_parcel, parcel, limiter=workshop)
    check_token(request, request.headers.get(CSRF_HEADER, ""))
    told = _parse(kind, await _body(request))
    return await to_thread.run_sync(of_json, told, limiter=workshop)


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
