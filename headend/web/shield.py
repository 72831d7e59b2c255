"""Around every answer: headers that let a browser load nothing but ours, and a limit on what a request may send."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY = 256 * 1024  # a form or JSON; uploads have their own limit
POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "media-src 'self' blob:",  # blob: the length of a file that was chosen but not sent yet
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
))
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class TooLarge(HTTPException):
    """The body is longer than this route takes."""

    def __init__(self) -> None:
        super().__init__(413)


class Shield:
    """ASGI middleware. `upload_paths` read their bodies as a stream with a limit of their own."""

    def __init__(self, app: ASGIApp, upload_paths: tuple[re.Pattern[str], ...]) -> None:
        self._app = app
        self._upload_paths = upload_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if "cache-control" not in headers:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        takes_upload = any(path.fullmatch(scope["path"]) for path in self._upload_paths)
        limited = receive if takes_upload else _limited(scope, receive)
        await self._app(scope, limited, guarded)


def _limited(scope: Scope, receive: Receive) -> Receive:
    claimed = Headers(scope=scope).get("content-length", "0")
    seen = int(claimed) if claimed.isdigit() else 0
    if seen > MOST_BODY:
        async def refused() -> Message:
            raise TooLarge

        return refused
    got = 0

    async def counted() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > MOST_BODY:
            raise TooLarge
        return message

    return counted
