"""JSON for programs: the same services, the same refusals as the pages."""

from fastapi import APIRouter

from headend.api import bulletins, communes, directives, logins, poles, sessions
from headend.api.models import TroubleOut, UnlawfulOut

routes = APIRouter(prefix="/api", responses={
    401: {"model": TroubleOut, "description": "Nobody is logged in"},
    403: {"model": TroubleOut, "description": "Not this person, or no X-CSRF-Token"},
    404: {"model": TroubleOut, "description": "No such thing"},
    409: {"model": UnlawfulOut | TroubleOut, "description": "Against the law, or the thing has moved on meanwhile"},
    413: {"model": TroubleOut, "description": "Body too long"},
    422: {"model": TroubleOut, "description": "Wrong input; `field` says which"},
    429: {"model": TroubleOut, "description": "Too many attempts; wait"},
})
for part in (logins, bulletins, sessions, directives, communes, poles):
    routes.include_router(part.routes)
