"""What holds for every page: readable by everybody, on every screen, light and dark, and nothing from elsewhere."""

from datetime import date, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from headend.services import directives, on_air
from headend.services.directives import Told
from protocol import messages
from tests.browser.conftest import DESK, PHONE
from tests.support.console import APPROVER, AUTHOR, MONDAY, WARD

MOST_BYTES = 200_000
SCREENS = [(DESK, "light"), (PHONE, "dark")]  # each width and each colour scheme once


@pytest.fixture
def pages(console):
    """(name, who, path) of every kind of page, with something of every state on them."""
    poles = console.poles()
    for pole in poles[:5]:
        console.online(pole, plan_version=1, runtime="micropython 1.25.0", firmware="0.1.0")
    console.online(poles[5], False, refused=2)
    done = console.ordered(MONDAY + timedelta(minutes=5), "Lịch tiêm chủng và thu gom rác cồng kềnh")
    console.clock.at = done.end_at + timedelta(seconds=2)
    on_air.catch_up(console.ports)
    console.played(done, poles[:4])
    console.told(poles[4], 1, messages.MISSED, done, why="late")
    console.told(poles[5], 1, messages.REFUSED, done, rule="T-15")
    waiting = console.planned(MONDAY + timedelta(hours=11, minutes=30), "Thông báo cắt điện ở tổ dân phố số 3 và số 4")
    refused = f"/bulletins/{waiting.bulletins[0]}?day=2026-03-07&time=06:00"
    return [("login", "", "/login"), ("today", AUTHOR, "/"), ("today-city", "canbo", "/"),
            ("another-day", AUTHOR, "/?day=2026-03-01"), ("bulletins", AUTHOR, "/bulletins"),
            ("new", AUTHOR, "/bulletins/new"), ("bulletin", AUTHOR, f"/bulletins/{waiting.bulletins[0]}"),
            ("bulletin-refused", AUTHOR, refused), ("approve", APPROVER, f"/bulletins/{waiting.bulletins[0]}"),
            ("session-done", AUTHOR, f"/sessions/{done.id}"), ("session-planned", AUTHOR, f"/sessions/{waiting.id}"),
            ("poles", "kythuat", "/poles"), ("poles-aside", "canbo", f"/poles?aside={poles[0]}"),
            ("law", AUTHOR, "/law"),
            ("directives", APPROVER, "/directives"), ("directive", APPROVER, f"/directives/{directive(console)}"),
            ("directive-new", "canbo", "/directives/new"), ("charter", APPROVER, "/charter"),
            ("charter-choose", "canbo", "/charter"), ("empty", "duyet-00577", "/bulletins")]


def directive(console):
    """A directive of the city, for the ward."""
    told = Told("Sở Thông tin và Truyền thông", "12/CV-STTTT", date(2026, 3, 1), ["T-04"], [WARD], date(2026, 3, 2),
                date(2026, 3, 8), "Tuyên truyền bầu cử")
    return directives.record(console.ports, console.people["canbo"], told).id


@pytest.mark.parametrize(("viewport", "scheme"), SCREENS, ids=lambda one: str(one.get("width")) if isinstance(one, dict)
                         else one)
def test_no_barrier_no_overflow_and_nothing_from_elsewhere(console, open_as, pages, picture, viewport, scheme):
    axe, people = Axe(), {}
    for name, who, path in pages:
        page = people[who] = people.get(who) or open_as(who, viewport, scheme)
        page.goto(console.base + path)
        page.locator("main").wait_for()
        if path.startswith("/sessions/") and name.endswith("done"):
            page.locator(".wave.pole").nth(3).wait_for()
        found = axe.run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
        assert "không phải giờ thật" in page.locator(".demo").inner_text(), f"{name} passes for the real time"
        picture(page, f"{name}-{viewport['width']}-{scheme}")


def test_every_first_page_is_light(console, open_as, pages):
    people = {}
    for name, who, path in pages:
        page = people[who] = people.get(who) or open_as(who)
        line = page.context.new_cdp_session(page)
        line.send("Network.enable")
        line.send("Network.clearBrowserCache")
        got: list[int] = []
        line.on("Network.loadingFinished", lambda told, got=got: got.append(told["encodedDataLength"]))
        page.goto(console.base + path, wait_until="load")
        print(f"{name}: {sum(got)} bytes in {len(got)} requests")
        assert 3_000 < sum(got) < MOST_BYTES, name
        line.detach()


def test_the_first_page_is_usable_soon_on_a_slow_line_and_a_slow_machine(console, open_as, pages):
    """1 Mbit/s, 150 ms, four times slower CPU: usable in 2.5 s."""
    page = open_as(AUTHOR)
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {"offline": False, "latency": 150, "downloadThroughput": 125_000,
                                                   "uploadThroughput": 125_000})
    line.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(console.base)
    page.get_by_role("link", name="Soạn bản tin mới").wait_for()
    ready_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    print(f"first contentful paint after {ready_ms:.0f} ms")
    assert ready_ms < 2_500
