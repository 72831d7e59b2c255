"""A real Chromium in front of a real head-end; whatever a page should not do fails the test that saw it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from headend.web.door import COOKIE
from headend.web.site import DemoInfo
from tests.support import console as console_
from tests.support.console import Console
from tests.support.project import ROOT

expect.set_options(timeout=15_000)  # a limit, not a wait: a loaded machine may take its time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--autoplay-policy=no-user-gesture-required"]
SCREENSHOTS = ROOT / "screenshots"
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 760}
# What htmx says of a request that a newer one took the place of, as it should; one that failed says sendError besides.
REPLACED = ("htmx:sendAbort", "htmx:afterRequest")


@pytest.fixture(scope="session")
def browser(chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path, env=chromium.env, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def console(tmp_path) -> Iterator[Console]:
    """A demonstration's head-end of its own."""
    with console_.served(console_.build(tmp_path, DemoInfo(3_600_000))) as console:
        yield console


@pytest.fixture
def faults() -> list[str]:
    """What pages did that they should not: a test may take out what it expects."""
    return []


@pytest.fixture
def open_as(browser, console, faults) -> Iterator[Callable[..., Page]]:
    """`open_as(username)` is a person at a browser of their own; `""` is a stranger."""
    contexts: list[BrowserContext] = []

    def open_as(username: str = "", viewport: dict = DESK, scheme: str = "light") -> Page:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, locale="vi-VN",
                                      timezone_id="America/New_York")  # the browser's zone must not matter
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        watch(page, console.base, faults)
        if username:
            _, token = console.log_in(username)
            context.add_cookies([{"name": COOKIE, "value": token, "url": console.base}])
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert faults == []


def watch(page: Page, base: str, faults: list[str]) -> None:
    """Note errors, words of the content security policy, and every request that leaves for elsewhere."""
    page.on("console", lambda said: said.type in ("error", "warning") and said.text not in REPLACED
            and faults.append(f"console: {said.text}"))
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("request", lambda sent: sent.url.startswith((base, "data:", "blob:"))
            or faults.append(f"left for {sent.url}"))


@pytest.fixture
def picture(request) -> Callable[[Page, str], Path]:
    """Keeps a picture of a page for people to look at."""

    def take(page: Page, name: str) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take
