"""Poles."""

from fastapi import APIRouter

from headend.api.models import PoleOut
from headend.services import board
from headend.web.site import Ported, Who

routes = APIRouter(prefix="/poles", tags=["poles"])


@routes.get("")
def list_poles(ports: Ported, person: Who) -> list[PoleOut]:
    """Every pole of the person's unit and what it said last."""
    return [PoleOut.of(one) for one in board.poles(ports, person).poles]
