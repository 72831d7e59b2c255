"""Log-in for programs: a cookie as for browsers, and the token that each change must carry."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from headend.api.models import LogIn, LoginOut, PersonOut
from headend.domain.errors import BadInput
from headend.services import logins
from headend.web import door
from headend.web.logins import address_of
from headend.web.site import Ported, Who, login_of, site_of

routes = APIRouter(tags=["log-in"])


class Health(BaseModel):
    """`broker`: in reach; `opened`: somebody has opened a page since the start."""

    broker: bool
    opened: bool


@routes.get("/health")
@door.public
def health(request: Request) -> Health:
    """For whoever supervises the process."""
    site = site_of(request)
    return Health(broker=site.connected(), opened=site.opened.is_set())


@routes.post("/login")
@door.public
def log_in(request: Request, response: Response, ports: Ported, given: LogIn) -> LoginOut:
    """Sets the cookie `loa_login`."""
    # A page of another site can not send JSON to us without being asked first, so no form token is needed here.
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise BadInput("Hãy gửi JSON.")
    token, login = logins.log_in(ports, given.username, given.password, address_of(request))
    found = logins.who(ports, token)
    if found is None:
        raise BadInput("Tên đăng nhập hoặc mật khẩu không đúng.", "password")
    door.let_in(request, response, token)
    return LoginOut(person=PersonOut.of(found[0]), csrf=login.csrf)


@routes.post("/logout", status_code=204)
def log_out(request: Request, response: Response, ports: Ported) -> None:
    logins.log_out(ports, request.cookies.get(door.COOKIE, ""))
    door.let_out(request, response)


@routes.get("/me")
def me(request: Request, person: Who) -> LoginOut:
    """Who is logged in, and the token for changes."""
    return LoginOut(person=PersonOut.of(person), csrf=login_of(request).csrf)
