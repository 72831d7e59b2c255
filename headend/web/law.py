"""Quy định: the rule-sets, each rule with the words it rests on, its force, and its numbers as they hold here."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from headend.domain.areas import Commune
from headend.domain.charter import Regime
from headend.domain.errors import NotFound
from headend.domain.person import EVERYWHERE, Person
from headend.law.rulebook import DEFAULT_SET, proofs
from headend.ports import Ports
from headend.services import places
from headend.services.places import LocalLaw
from headend.web.pages import page
from headend.web.rulings import groups
from headend.web.site import Ported, Who

routes = APIRouter()


@routes.get("/law")
def law_page(request: Request, ports: Ported, person: Who,
             rule_set: Annotated[str, Query(alias="set", max_length=20)] = "",
             commune: Annotated[str, Query(max_length=20)] = "") -> Response:
    """`set` shows another rule-set than the one that binds; the city looks at a `commune` of its choice."""
    here = local(ports, person, commune)
    book = ports.books.get(rule_set or (here.book.id if here else DEFAULT_SET))
    if book is None:
        raise NotFound("Không có bộ quy tắc này.")
    return page(request, "page_law.html", book=book, books=ports.books, here=here, default=DEFAULT_SET,
                groups=groups(book, here.charter if here else None), proofs=proofs(),
                otherwise=_otherwise(ports, person))


def local(ports: Ports, person: Person, commune: str) -> LocalLaw | None:
    """What binds the commune that is asked for or the person's own; None for the city where it asks for none."""
    code = commune or person.unit
    return None if code == EVERYWHERE else places.local_law(ports, person, code)


def _otherwise(ports: Ports, person: Person) -> list[tuple[Commune, Regime]]:
    return places.otherwise(ports, person) if person.unit == EVERYWHERE else []
