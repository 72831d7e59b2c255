"""Pages that stay in step: a change reaches those who look at it, whoever made it, and nobody else."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest

from headend.web import today
from protocol import messages
from tests.support import console as console_
from tests.support.console import APPROVER, AUTHOR, RURAL
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    with console_.served(console_.build(folder)) as console:
        yield console


@pytest.fixture(scope="module")
def session(console):
    return console.ordered(console.clock.at + timedelta(hours=2))


class Watcher:
    """Reads a page's stream in a thread, as a browser does: a list of (event, data)."""

    def __init__(self, answer) -> None:
        self.events: list[tuple[str, str]] = []
        self.ended = threading.Event()
        self._answer = answer
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        name, data = "", []
        for line in self._answer.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif not line and name:
                self.events.append((name, "\n".join(data)))
                name, data = "", []
        self.ended.set()

    def parts(self) -> list[str]:
        """Each version of the live part that came."""
        return [data for name, data in self.events if name == "parts"]


@contextmanager
def watching(console, username, path) -> Iterator[Watcher]:
    """A page of `username` that has got its first parts."""
    with console.client(username) as client, client.stream("GET", path) as answer:
        watcher = Watcher(answer)
        wait_until(watcher.parts, "the first parts")
        yield watcher
        console.app.state.site.live.close()
        assert watcher.ended.wait(10)


def test_a_receipt_shows_within_a_moment_to_everybody_who_looks(console, session):
    pole = session.clusters[0]
    with watching(console, AUTHOR, f"/sessions/{session.id}/live") as first:
        assert "đã nhận đủ tiếng" not in row(first.parts()[-1], pole)
        console.told(pole, 1, messages.READY, session)
        wait_until(lambda: "đã nhận đủ tiếng" in row(first.parts()[-1], pole), "the pole to turn")
        assert [name for name, _ in first.events][0] == "now"


def row(html: str, pole: str) -> str:
    """The state cell of one pole."""
    return html.split(f'id="state-{pole}"')[1].split("</td>")[0]


def test_a_change_elsewhere_wakes_nobody(console, session):
    with watching(console, f"phatthanh-{RURAL}", "/live/today") as there:
        with watching(console, AUTHOR, "/live/today") as here:
            console.bulletin("Chỉ ở phường")
            console.told(session.clusters[1], 1, messages.RECEIVED, session)
            console.online(session.clusters[1])
            wait_until(lambda: len(here.parts()) > 1, "the ward's page to change")
        assert len(there.parts()) == 1


def test_nothing_is_sent_twice(console, session):
    with watching(console, AUTHOR, "/live/poles") as watcher:
        console.online(session.clusters[2], plan_version=7)
        wait_until(lambda: "số 7" in watcher.parts()[-1], "the new version")
        with console.ports.db() as db:
            db.touch(f"pole:{session.clusters[2]}")
        console.online(session.clusters[3], plan_version=8)
        wait_until(lambda: "số 8" in watcher.parts()[-1], "the newer version")
        assert len(watcher.parts()) == len(set(watcher.parts()))


def test_people_of_one_role_and_unit_share_one_rendering(console, monkeypatch):
    made = []
    render = today.render
    monkeypatch.setattr(today, "render", lambda *given: made.append(given) or render(*given))
    with ExitStack() as pages:
        watchers = [pages.enter_context(watching(console, APPROVER, "/live/today")) for _ in range(5)]
        before = len(made)
        console.planned(console.clock.at + timedelta(days=1), "Cho năm người xem")
        seen = "Cho năm người xem"
        wait_until(lambda: all(seen in one.parts()[-1] for one in watchers), "all to be told")
        assert len(made) - before <= 3  # what three commits changed may fall into three looks, for all five alike


def test_a_page_ends_with_its_login(console):
    with console.client(AUTHOR) as client, client.stream("GET", "/live/today") as answer:
        watcher = Watcher(answer)
        wait_until(watcher.parts, "the first parts")
        with console.client() as same:
            same.cookies, same.headers["X-CSRF-Token"] = client.cookies, client.headers["X-CSRF-Token"]
            same.post("/api/logout")
        console.bulletin("Sau khi thoát")
        assert watcher.ended.wait(10)
        assert watcher.events[-1][0] == "gone" and "Sau khi thoát" not in str(watcher.events)


def test_nobody_polls_while_nobody_watches(console):
    live = console.app.state.site.live
    with watching(console, AUTHOR, "/live/today"):
        assert live._poller is not None
    wait_until(lambda: live._poller is None, "the poller to end")
