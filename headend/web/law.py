"""Luật: the rule-sets, each rule with the words it rests on."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from headend.law.rulebook import DEFAULT_SET
from headend.web.pages import page
from headend.web.site import Ported, Who

routes = APIRouter()


@routes.get("/law")
def law_page(request: Request, ports: Ported, person: Who) -> Response:
    return page(request, "page_law.html", book=ports.books[DEFAULT_SET])
