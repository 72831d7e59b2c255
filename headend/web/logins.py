"""In and out."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from headend.domain.areas import Commune
from headend.domain.errors import NotAllowed
from headend.domain.person import EVERYWHERE, Person, Role
from headend.ports import Ports
from headend.services import logins
from headend.web import door
from headend.web.pages import go_to, page
from headend.web.site import Ported, site_of
from headend.web.today import start

FORM_SECONDS = 12 * 3600
MOST_DEMO_STATIONS = 2
routes = APIRouter()


@dataclass(frozen=True)
class DemoAccount:
    """One way into a demonstration."""

    person: Person
    place: str


@routes.get("/login")
@door.public
def log_in_page(request: Request, ports: Ported, next: str = "/") -> Response:
    """The form; in a demonstration also a button for each account."""
    if request.state.person:
        return go_to(request, "/")
    token = door.form_token(request)
    demo = site_of(request).demo
    answer = page(request, "page_login.html", token=token, next=_local(next),
                  accounts=_demo_accounts(ports) if demo else [], start=start(ports).html if demo else "")
    door.set_cookie(request, answer, door.FORM_COOKIE, token, FORM_SECONDS)
    return answer


@routes.post("/login")
@door.public
def log_in(request: Request, ports: Ported, username: Annotated[str, Form(max_length=80)],
           password: Annotated[str, Form(max_length=200)], form_token: Annotated[str, Form(max_length=80)] = "",
           next: Annotated[str, Form(max_length=400)] = "/") -> Response:
    """Check the double submit, then the password."""
    if not form_token or not door.same(form_token, request.cookies.get(door.FORM_COOKIE, "")):
        raise NotAllowed(door.FORGED)
    token, _ = logins.log_in(ports, username, password, address_of(request))
    answer = go_to(request, _local(next))
    door.let_in(request, answer, token)
    return answer


@routes.post("/logout")
def log_out(request: Request, ports: Ported) -> Response:
    logins.log_out(ports, request.cookies.get(door.COOKIE, ""))
    answer = go_to(request, "/login")
    door.let_out(request, answer)
    return answer


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def _local(url: str) -> str:
    """Only pages of ours may follow a log-in."""
    parts = urlsplit(url)
    safe = url.startswith("/") and not url.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return url if safe and "\\" not in url else "/"


def _demo_accounts(ports: Ports) -> list[DemoAccount]:
    """The city's accounts and those of the first few stations, in the order of their roles."""
    with ports.db(readonly=True) as db:
        communes = {one.code: one for one in db.communes()}
        people = [one.person for one in db.accounts() if not one.closed]
    stations = sorted({one.unit for one in people} - {EVERYWHERE})[:MOST_DEMO_STATIONS]
    shown = [one for one in people if one.unit in (*stations, EVERYWHERE)]
    shown.sort(key=lambda one: (list(Role).index(one.role), one.unit, one.username))
    return [DemoAccount(one, _place(communes.get(one.unit))) for one in shown]


def _place(commune: Commune | None) -> str:
    return commune.name if commune else "Thành phố Hà Nội"
