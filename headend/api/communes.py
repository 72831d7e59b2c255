"""The law of a commune: its rule-set and its charter."""

from fastapi import APIRouter

from headend.api.law_models import CharterIn, CharterOut, LocalLawOut, RegimeIn, RegimeOut
from headend.services import places
from headend.web.site import Ported, Who

routes = APIRouter(prefix="/communes", tags=["communes"])


@routes.get("/{code}/law")
def local_law(ports: Ported, person: Who, code: str) -> LocalLawOut:
    """What binds the commune today, and what did and will."""
    return LocalLawOut.of(places.local_law(ports, person, code))


@routes.put("/{code}/charter")
def issue_charter(ports: Ported, person: Who, code: str, asked: CharterIn) -> CharterOut:
    """The commune's own hours and narrower caps from a day on; replaces the one of the same day."""
    slots, settings = asked.parts()
    return CharterOut.of(places.issue_charter(ports, person, code, asked.from_day, slots, settings, asked.number))


@routes.put("/{code}/rule-set")
def choose_rules(ports: Ported, person: Who, code: str, asked: RegimeIn) -> RegimeOut:
    """The rule-set that binds the commune from a day on."""
    return RegimeOut.of(places.choose_rules(ports, person, code, asked.from_day, asked.rule_set, asked.reason))
