"""The web application: pages, API and what poles fetch, behind one door."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

import anyio
from fastapi import Depends, FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.responses import Response
from starlette.routing import compile_path

from headend.api import routes as api
from headend.ports import Ports
from headend.web import bulletins, charters, directives, law, logins, media, poles, sessions, today, trouble, uploads
from headend.web.assets import Assets
from headend.web.door import door, public
from headend.web.live import Live
from headend.web.shield import Shield
from headend.web.site import DemoInfo, Site, site_of
from headend.web.wave import Outlines

__all__ = ["DemoInfo", "create_app"]


def create_app(ports: Ports, *, demo: DemoInfo | None, data_dir: Path,
               connected: Callable[[], bool] = lambda: False) -> FastAPI:
    """Everything that is reached by HTTP. `connected` tells whether the broker is in reach (/api/health)."""
    app = FastAPI(title="Loa", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
                  dependencies=[Depends(door)], description="API of the head-end of a commune's loudspeaker station.")
    app.state.site = _site(ports, demo, data_dir / "uploads", connected)
    trouble.install(app)
    for part in (today, bulletins, sessions, poles, law, directives, charters, logins):
        app.include_router(part.routes, include_in_schema=False)
    app.include_router(media.routes, include_in_schema=False)
    app.include_router(api.routes)
    app.add_api_route("/static/{version}/{name}", static, include_in_schema=False)
    app.add_middleware(Shield, upload_paths=_upload_paths(app))
    return app


def _upload_paths(app: FastAPI) -> tuple[re.Pattern[str], ...]:
    """The paths of the routes that are marked `takes_upload`."""
    marked = (route for route in iter_route_contexts(app.routes) if getattr(route.endpoint, "takes_upload", False))
    return tuple(compile_path(route.path)[0] for route in marked)


def _site(ports: Ports, demo: DemoInfo | None, folder: Path, connected: Callable[[], bool]) -> Site:
    folder.mkdir(parents=True, exist_ok=True)
    uploads.sweep(folder)
    return Site(ports, demo, folder, Assets(), Live(ports), anyio.CapacityLimiter(1), threading.Event(), connected,
                Outlines(ports.sound))


@public
def static(request: Request, version: str, name: str) -> Response:
    """Style, scripts and pictures."""
    return site_of(request).assets.answer(request, name)
