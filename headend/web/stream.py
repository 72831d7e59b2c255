"""Opening a page's stream of server-sent events."""

from collections.abc import Callable, Hashable

from fastapi import Request
from starlette.responses import StreamingResponse

from headend.services import logins
from headend.web.door import COOKIE
from headend.web.live import Parts
from headend.web.site import site_of

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def open_stream(request: Request, key: Hashable, make: Callable[[], Parts]) -> StreamingResponse:
    """See `Live.stream`. The stream of somebody who is logged in ends with the login."""
    site = site_of(request)
    token = request.cookies.get(COOKIE, "") if request.state.person else None

    def allowed() -> bool:
        return token is None or logins.who(site.ports, token) is not None

    return StreamingResponse(site.live.stream(key, make, allowed), media_type="text/event-stream", headers=HEADERS)
