"""The door: every request of every route passes here, before anything is read from it.

A route is closed to strangers unless it says `@public`, and whatever changes something needs the login's own token.
What a person may do with a thing is decided further in, by `domain.person`, where the thing is known.
"""

import hmac
import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import Response

from headend.domain.errors import BadInput, NotAllowed
from headend.services import logins
from headend.services.logins import LIFETIME
from headend.web.site import site_of

COOKIE = "loa_login"
FORM_COOKIE = "loa_form"  # double submit: the log-in form must come from a page of ours
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORGED = "Trang này đã cũ hoặc yêu cầu đến từ nơi khác. Hãy tải lại trang rồi thử lại."

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class NotLoggedIn(Exception):
    """Nobody is logged in; pages lead to the log-in form, the API answers 401."""


def public(endpoint: Endpoint) -> Endpoint:
    """Marks a route that needs no login."""
    endpoint.is_public = True  # type: ignore[attr-defined]
    return endpoint


def takes_upload(endpoint: Endpoint) -> Endpoint:
    """Marks a route that reads its body by `uploads.receive`, which checks the token itself, before the file."""
    endpoint.takes_upload = True  # type: ignore[attr-defined]
    return endpoint


async def door(request: Request) -> None:
    """Dependency of the whole application. Raises NotLoggedIn, or NotAllowed for a forged request."""
    endpoint = request.scope["endpoint"]
    refuse_null(unquote(f"{request.url.path} {request.url.query}"))
    token = request.cookies.get(COOKIE, "")
    found = await to_thread.run_sync(logins.who, site_of(request).ports, token) if token else None
    request.state.person, request.state.login = found or (None, None)
    unsafe = request.method not in SAFE
    if unsafe:
        refuse_foreign(request)
    form = await _form(request) if unsafe else FormData()
    if getattr(endpoint, "is_public", False):
        return
    if found is None:
        raise NotLoggedIn
    if unsafe and not getattr(endpoint, "takes_upload", False):
        check_token(request, request.headers.get(CSRF_HEADER) or str(form.get(CSRF_FIELD, "")))


def refuse_null(*texts: str) -> None:
    """No database stores U+0000 in a text, and no person writes it. BadInput."""
    if any("\0" in one for one in texts):
        raise BadInput("Có ký tự không dùng được.")


def refuse_foreign(request: Request) -> None:
    """A browser says where a request comes from; programs that say nothing have no cookies to steal."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise NotAllowed(FORGED)
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotAllowed(FORGED)


def check_token(request: Request, sent: str) -> None:
    """NotAllowed unless `sent` is the token of this login."""
    if not same(sent, request.state.login.csrf):
        raise NotAllowed(FORGED)


def same(one: str, other: str) -> bool:
    """Constant-time comparison of two texts."""
    return hmac.compare_digest(one.encode(), other.encode())


async def _form(request: Request) -> FormData:
    """The fields of an urlencoded body, empty for any other."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return FormData()
    form = await request.form(max_files=0)
    refuse_null(*map(str, form.values()))
    return form


def let_in(request: Request, response: Response, token: str) -> None:
    """Set the login's cookie."""
    set_cookie(request, response, COOKIE, token, int(LIFETIME.total_seconds()))


def let_out(request: Request, response: Response) -> None:
    """Forget the login's cookie."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=_https(request))


def form_token(request: Request) -> str:
    """The double-submit token of this browser, new where it has none yet."""
    return request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)


def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=_https(request))


def _https(request: Request) -> bool:
    return request.url.scheme == "https"
