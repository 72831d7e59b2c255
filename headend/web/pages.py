"""Templates, and the two ways in which a form is answered: to a browser alone, and to htmx inside a page."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from headend.domain.charter import clock
from headend.domain.lawful.of_time import HALVES
from headend.domain.person import Person, may
from headend.web import rulings, wave, words
from headend.web.site import site_of


@cache
def _environment() -> Environment:
    env = Environment(loader=PackageLoader("headend.web"), autoescape=True, undefined=StrictUndefined,
                      trim_blocks=True, lstrip_blocks=True)
    for name in ("minute", "second", "weekday", "day", "moment", "started", "lasting", "short",
                 "lufs", "clock_ms", "across_day", "date_in_url", "why", "place", "minute_across",
                 "felt", "fault", "checked", "uplink", "heard", "ill_heard", "hours", "volts"):
        env.filters[name] = getattr(words, name)
    env.filters.update(clock=clock, date=words.civil_date, long=rulings.length, by_rule=rulings.by_rule)
    env.globals.update(look=words.look, start_error=words.error, wave_path=wave.path, FINE=wave.FINE,
                       UNVERIFIED=rulings.UNVERIFIED, FORCES=rulings.FORCES, STATUSES=rulings.STATUSES,
                       CLASSES=rulings.CLASSES, HALVES=HALVES)
    return env


def render(template: str, values: Mapping[str, Any]) -> str:
    """A template with values alone: for parts that everybody sees alike."""
    return _environment().get_template(template).render(values)


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, or a part of one, for the person of this request."""
    if template.startswith("page_"):
        site_of(request).opened.set()
    return HTMLResponse(render(template, {**_surroundings(request), **values}), status)


def _surroundings(request: Request) -> dict[str, Any]:
    site = site_of(request)
    person: Person | None = getattr(request.state, "person", None)
    login = getattr(request.state, "login", None)
    return {
        "asset": site.assets.url, "demo": site.demo, "now": site.ports.clock.now(), "path": request.url.path,
        "person": person, "csrf": login.csrf if login else "",
        "may": partial(may, person) if person else lambda action, unit: False,
    }


def is_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def go_to(request: Request, url: str, query: Mapping[str, Any] | None = None) -> Response:
    """After a form that did what it should: the page that shows it."""
    target = f"{url}?{urlencode(query, doseq=True)}" if query else url
    if is_htmx(request):
        return Response(headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)
