"""Poles."""

from fastapi import APIRouter

from headend.api.models import CheckIn, ClusterOut, PoleOut, Reason
from headend.services import checks, places, poles
from headend.web.site import Ported, Who

routes = APIRouter(prefix="/poles", tags=["poles"])


@routes.get("")
def list_poles(ports: Ported, person: Who) -> list[PoleOut]:
    """Every pole of the person's unit and what it said last."""
    return [PoleOut.of(one) for one in poles.poles(ports, person).poles]


@routes.post("/{pole}/suspend")
def suspend(ports: Ported, person: Who, pole: str, why: Reason) -> ClusterOut:
    """Silence it where it stands, also in an emergency (P-04)."""
    return ClusterOut.of(places.set_aside(ports, person, pole, True, why.reason))


@routes.post("/{pole}/resume")
def resume(ports: Ported, person: Who, pole: str, why: Reason) -> ClusterOut:
    """Let it speak again."""
    return ClusterOut.of(places.set_aside(ports, person, pole, False, why.reason))


@routes.post("/{pole}/check")
def check(ports: Ported, person: Who, pole: str, asked: CheckIn) -> ClusterOut:
    """Ask it to test its horns or its battery, or to take what it is for the right measure; it tells how it went."""
    return ClusterOut.of(checks.check(ports, person, pole, asked.what))
