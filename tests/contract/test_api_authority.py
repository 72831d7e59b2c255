"""Every route of the application with every role and unit: who may, and that a new route says so here."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from headend.domain.person import EVERYWHERE, Person, Role, may
from headend.ports import Account
from headend.services import bulletins, directives, on_air
from headend.services.directives import Told
from tests.support import console as console_
from tests.support.console import AUTHOR, PASSWORD, RURAL, WARD

UNITS = (WARD, RURAL, EVERYWHERE)
PEOPLE = [Person(f"{role}-{unit}", f"{role} {unit}", role, unit) for role in Role for unit in UNITS]
STREAMS = ("/live/today", "/live/start", "/live/poles", "/bulletins/{bulletin_id}/live", "/sessions/{session_id}/live")


@dataclass(frozen=True)
class Rule:
    """Who may: `action` on things of the ward, "own" for what shows everybody their own unit, "" for strangers too.

    `hidden`: whoever may not is told that there is no such thing.
    """

    action: str
    data: dict = field(default_factory=dict)
    json: dict | None = None
    files: bool = False
    hidden: bool = False


OPEN, OWN = "", "own"
WISH = {"day": "2026-03-09", "time": "17:00"}
PLAN = {"start_at": "2026-03-09T17:00:00+07:00", "bulletins": ["BULLETIN"], "commune": WARD}
ABOUT = {"title": "Thử", "field": "notice", "event_day": "2030-01-01"}
MADE = {"commune": WARD, **ABOUT, "text": "Xin chào.", "sound": "text", "then": "draft"}
DIRECTIVE = {"issuer": "Sở", "number": "12/CV", "dated": "2026-03-01", "from_day": "2026-03-07", "to_day": "2026-03-08",
             "communes": [WARD]}
CHARTER = {"from_day": "2030-01-01", "slots": []}
REGIME = {"from_day": "2030-01-01", "rule_set": "5133", "reason": "theo chỉ đạo"}
WHY = {"reason": "Dân phản ánh."}

RULES = {
    ("GET", "/"): Rule(OWN),
    ("GET", "/live/today"): Rule(OWN),
    ("GET", "/live/start"): Rule(OPEN),
    ("GET", "/live/poles"): Rule(OWN),
    ("GET", "/bulletins"): Rule(OWN),
    ("GET", "/bulletins/new"): Rule("bulletin.write", data={"commune": WARD}),
    ("POST", "/bulletins/foresee"): Rule("session.plan", data={"commune": WARD, **WISH}),
    ("POST", "/bulletins"): Rule("bulletin.write", data=MADE, files=True),
    ("GET", "/bulletins/{bulletin_id}"): Rule("bulletin.see"),
    ("GET", "/bulletins/{bulletin_id}/live"): Rule("bulletin.see"),
    ("GET", "/bulletins/{bulletin_id}/sound.wav"): Rule("bulletin.see"),
    ("POST", "/bulletins/{bulletin_id}/sound"): Rule("bulletin.write", data={"text": "Xin chào bà con."}, files=True),
    ("POST", "/bulletins/{bulletin_id}/about"): Rule("bulletin.write", data=ABOUT),
    ("POST", "/bulletins/{bulletin_id}/check"): Rule("session.see", data=WISH),
    ("POST", "/bulletins/{bulletin_id}/plan"): Rule("session.plan", data=WISH),
    ("POST", "/bulletins/{bulletin_id}/approve"): Rule("bulletin.approve"),
    ("POST", "/bulletins/{bulletin_id}/send-back"): Rule("bulletin.approve", data={"reason": "Sai ngày."}),
    ("POST", "/bulletins/{bulletin_id}/withdraw"): Rule("bulletin.write"),
    ("GET", "/sessions/{session_id}"): Rule("session.see"),
    ("GET", "/sessions/{session_id}/live"): Rule("session.see"),
    ("GET", "/sessions/{session_id}/source.wav"): Rule("evidence.listen"),
    ("GET", "/sessions/{session_id}/poles/{pole}/heard"): Rule("evidence.listen"),
    ("GET", "/sessions/{session_id}/poles/{pole}/heard.wav"): Rule("evidence.listen"),
    ("POST", "/sessions/{session_id}/withdraw"): Rule("session.withdraw"),
    ("GET", "/poles"): Rule(OWN),
    ("POST", "/poles/{pole}/suspend"): Rule("cluster.suspend", data=WHY),
    ("POST", "/poles/{pole}/resume"): Rule("cluster.suspend", data=WHY),
    ("POST", "/poles/{pole}/check"): Rule("pole.care", data={"what": "horns"}),
    ("GET", "/communes.json"): Rule(OWN),
    ("GET", "/law"): Rule(OWN),
    ("GET", "/directives"): Rule(OWN),
    ("GET", "/directives/new"): Rule("directive.write", data={"commune": WARD}),
    ("POST", "/directives"): Rule("directive.write", data=DIRECTIVE, files=True),
    ("GET", "/directives/{directive_id}"): Rule("directive.see", hidden=True),
    ("GET", "/directives/{directive_id}/scan"): Rule("directive.see", hidden=True),
    ("POST", "/directives/{directive_id}/withdraw"): Rule("directive.write"),
    ("GET", "/charter"): Rule(OWN),
    ("POST", "/charter/{code}"): Rule("charter.write", data={"from_day": "2030-01-01"}),
    ("POST", "/charter/{code}/rule-set"): Rule("regime.write", data=REGIME),
    ("GET", "/login"): Rule(OPEN),
    ("POST", "/login"): Rule(OPEN, data={"username": "x", "password": "x"}),
    ("POST", "/logout"): Rule(OWN),
    ("GET", "/media/{digest}.chunks"): Rule(OPEN),
    ("GET", "/media/{digest}"): Rule(OPEN),
    ("GET", "/static/{version}/{name}"): Rule(OPEN),
    ("GET", "/api/openapi.json"): Rule(OPEN),
    ("GET", "/api/health"): Rule(OPEN),
    ("POST", "/api/login"): Rule(OPEN, json={"username": "x", "password": "x"}),
    ("POST", "/api/logout"): Rule(OWN),
    ("GET", "/api/me"): Rule(OWN),
    ("GET", "/api/bulletins"): Rule(OWN),
    ("GET", "/api/bulletins/{bulletin_id}"): Rule("bulletin.see"),
    ("POST", "/api/bulletins"): Rule("bulletin.write", json={**ABOUT, "commune": WARD, "text": "Xin chào."}),
    ("POST", "/api/bulletins/{bulletin_id}/sound"): Rule("bulletin.write", json={"text": "Xin chào bà con."}),
    ("POST", "/api/bulletins/{bulletin_id}/about"): Rule("bulletin.write", json=ABOUT),
    ("POST", "/api/bulletins/{bulletin_id}/submit"): Rule("bulletin.write"),
    ("POST", "/api/bulletins/{bulletin_id}/approve"): Rule("bulletin.approve"),
    ("POST", "/api/bulletins/{bulletin_id}/send-back"): Rule("bulletin.approve", json={"reason": "Sai ngày."}),
    ("POST", "/api/bulletins/{bulletin_id}/withdraw"): Rule("bulletin.write"),
    ("POST", "/api/sessions/check"): Rule("session.see", json=PLAN),
    ("POST", "/api/sessions"): Rule("session.plan", json=PLAN),
    ("GET", "/api/sessions"): Rule(OWN),
    ("GET", "/api/sessions/{session_id}"): Rule("session.see"),
    ("POST", "/api/sessions/{session_id}/withdraw"): Rule("session.withdraw"),
    ("GET", "/api/sessions/{session_id}/poles/{pole}/heard.wav"): Rule("evidence.listen"),
    ("GET", "/api/sessions/{session_id}/poles/{pole}/wave.json"): Rule("evidence.listen"),
    ("GET", "/api/poles"): Rule(OWN),
    ("POST", "/api/poles/{pole}/suspend"): Rule("cluster.suspend", json=WHY),
    ("POST", "/api/poles/{pole}/resume"): Rule("cluster.suspend", json=WHY),
    ("POST", "/api/poles/{pole}/check"): Rule("pole.care", json={"what": "horns"}),
    ("GET", "/api/directives"): Rule(OWN),
    ("POST", "/api/directives"): Rule("directive.write", json=DIRECTIVE),
    ("GET", "/api/directives/{directive_id}"): Rule("directive.see", hidden=True),
    ("GET", "/api/directives/{directive_id}/scan"): Rule("directive.see", hidden=True),
    ("POST", "/api/directives/{directive_id}/withdraw"): Rule("directive.write"),
    ("GET", "/api/communes/{code}/law"): Rule("station.see"),
    ("PUT", "/api/communes/{code}/charter"): Rule("charter.write", json=CHARTER),
    ("PUT", "/api/communes/{code}/rule-set"): Rule("regime.write", json=REGIME),
}
UNSAFE = [key for key in RULES if key[0] != "GET"]


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    console = console_.build(folder)
    password = console.ports.passwords.hash(PASSWORD)
    with console.ports.db() as db:
        for person in PEOPLE:
            db.put_account(Account(person, password))
    with console_.served(console):
        yield console


@pytest.fixture(scope="module")
def clients(console):
    """One connection for each person, all logged in; "" is a stranger."""
    opened = {name: console.client(name) for name in ["", *(person.username for person in PEOPLE)]}
    clients = {name: one.__enter__() for name, one in opened.items()}
    yield clients
    for one in opened.values():
        one.__exit__(None, None, None)


@pytest.fixture(scope="module")
def things(console):
    """Names that stand in the paths: a session with sound, and its bulletin."""
    session = console.ordered(console.clock.at + timedelta(hours=2))
    console.sounded(session.clusters[0], session)
    on_air.catch_up(console.ports)
    return {"session_id": session.id, "bulletin_id": session.bulletins[0], "pole": session.clusters[0],
            "digest": session.programme.media, "version": "0", "name": "app.css", "code": WARD,
            "directive_id": directive(console)}


def directive(console):
    """A directive with a scan, for the ward alone."""
    paper = console.captures.parent / "paper.pdf"
    paper.write_bytes(b"%PDF-1.4 paper")
    told = Told("Sở", "7/CV", date(2026, 3, 1), ["T-04"], [WARD], date(2026, 3, 7), date(2026, 3, 8))
    return directives.record(console.ports, console.people["canbo"], told, paper, "paper.pdf").id


@pytest.fixture
def waiting(console):
    """A bulletin that waits for approval: what acts on a bulletin may use it up."""
    made = console.bulletin(text="Xin chào.")
    bulletins.submit(console.ports, console.people[AUTHOR], made.id)
    return made.id


def ask(client, key, things, **headers):
    """The answer's status; of a stream only its beginning is read."""
    method, path = key
    rule = RULES[key]
    more = {"params": rule.data} if method == "GET" else {"json": rule.json} if rule.json else {"data": rule.data}
    if rule.json and "bulletins" in rule.json:
        more = {"json": {**rule.json, "bulletins": [things["bulletin_id"]]}}
    if rule.files:
        more["files"] = {"none": ("", b"")}
    with client.stream(method, path.format(**things), headers=headers, **more) as answer:
        if path not in STREAMS:
            answer.read()
        return answer.status_code


def test_every_route_has_a_rule_and_every_rule_a_route(console):
    assert set(console.routes()) == set(RULES)


def test_nothing_open_to_strangers_tells_or_changes_what_is_a_units_own():
    assert {path for (_, path), rule in RULES.items() if rule.action == OPEN} == {
        "/live/start", "/login", "/media/{digest}.chunks", "/media/{digest}", "/static/{version}/{name}",
        "/api/openapi.json", "/api/health", "/api/login"}


@pytest.mark.parametrize("key", sorted(RULES), ids=" ".join)
def test_a_stranger_is_sent_to_the_log_in(key, clients, things):
    status = ask(clients[""], key, things)
    if RULES[key].action == OPEN:
        assert status not in (303, 401, 500)
    else:
        page = key[0] == "GET" and not key[1].startswith("/api/")
        assert status == (303 if page else 401)


@pytest.mark.parametrize("key", [one for one in UNSAFE if RULES[one].action], ids=" ".join)
def test_no_change_without_the_logins_token(key, clients, things):
    everywhere = clients[f"{Role.BROADCASTER}-{EVERYWHERE}"]
    another = clients[f"{Role.APPROVER}-{WARD}"].headers["X-CSRF-Token"]
    for token in ("", "made-up", another):
        assert ask(everywhere, key, things, **{"X-CSRF-Token": token}) == 403


@pytest.mark.parametrize("key", UNSAFE, ids=" ".join)
def test_no_change_on_behalf_of_another_site(key, clients, things):
    for told in ({"Origin": "https://example.org"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                 {"Sec-Fetch-Site": "same-site"}):
        assert ask(clients[f"{Role.BROADCASTER}-{EVERYWHERE}"], key, things, **told) == 403


@pytest.mark.slow
@pytest.mark.parametrize("key", sorted(key for key, rule in RULES.items() if rule.action not in (OPEN, OWN)),
                         ids=" ".join)
def test_exactly_those_may_whom_the_one_function_lets(key, clients, things, waiting):
    own = things if key[1].startswith("/sessions/") or key[0] == "GET" else {**things, "bulletin_id": waiting}
    for person in PEOPLE:
        status = ask(clients[person.username], key, own)
        if may(person, RULES[key].action, WARD):
            assert status not in (401, 403, 404, 500), (person, status)
        else:
            assert status == (404 if RULES[key].hidden else 403), (person, status)


@pytest.mark.slow
@pytest.mark.parametrize("key", sorted(key for key, rule in RULES.items() if rule.action == OWN
                                       and not key[1].endswith("/logout")), ids=" ".join)
def test_what_shows_everybody_their_own_opens_for_every_role(key, clients, things):
    for person in PEOPLE:
        assert ask(clients[person.username], key, things) == 200


def test_lists_hold_nothing_of_another_unit(clients, things):
    there = clients[f"{Role.BROADCASTER}-{RURAL}"]
    for path in ("/api/bulletins", "/api/sessions", "/api/poles", "/", "/bulletins", "/poles", "/directives",
                 "/api/directives"):
        told = there.get(path).text
        assert "Tiêm chủng" not in told and f"{WARD}-01" not in told and "7/CV" not in told, path
    with there.stream("GET", "/live/today") as answer:
        lines = answer.iter_lines()
        told = [next(lines) for _ in range(20)]
    assert not any("Tiêm chủng" in line for line in told)
