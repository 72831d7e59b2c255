"""What every page and API route may touch: one frozen value on the application."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import anyio
from fastapi import Depends, Request

from headend.domain.person import Person
from headend.ports import Login, Ports
from headend.web.assets import Assets
from headend.web.live import Live
from headend.web.wave import Outlines

DEMO_PASSWORD = "loa-demo"


@dataclass(frozen=True)
class DemoInfo:
    """The head-end shows itself: its clock may be shifted, and anybody may enter as one of its accounts.

    `password` is that of every demo account, and stands on the log-in page.
    """

    clock_offset_ms: int
    password: str = DEMO_PASSWORD


@dataclass(frozen=True)
class Site:
    """`workshop` lets one recording at a time be decoded or spoken, so that two uploads do not double the memory.

    `opened` is set once somebody has opened a page; `connected` tells whether the broker is in reach.
    """

    ports: Ports
    demo: DemoInfo | None
    uploads: Path
    assets: Assets
    live: Live
    workshop: anyio.CapacityLimiter
    opened: threading.Event
    connected: Callable[[], bool]
    outlines: Outlines


def site_of(request: Request) -> Site:
    return request.app.state.site


def ports_of(request: Request) -> Ports:
    return site_of(request).ports


def person_of(request: Request) -> Person:
    """The person who is logged in; the door has let nobody else through to a route that asks for one."""
    return request.state.person


def login_of(request: Request) -> Login:
    return request.state.login


Ported = Annotated[Ports, Depends(ports_of)]
Who = Annotated[Person, Depends(person_of)]
