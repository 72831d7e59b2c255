"""Input that nobody sends in good faith: always an answer, never a fault of the server."""

import pytest

from tests.support import console as console_
from tests.support.console import WARD

pytestmark = pytest.mark.slow
NASTY = ["\0", "%00", "../../etc/passwd", "' OR 1=1 --", "<script>alert(1)</script>", "\u202e", "🙂" * 50, " ", "-1",
         "9" * 400, "{{7*7}}", "\r\nX-Injected: 1"]
INSTANTS = ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00", "1969-12-31T00:00:00Z", "2026-13-01T00:00:00Z",
            "1e400", "", "2026-03-09T17:00:00+99:00"]


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with console_.served(console_.build(tmp_path_factory.mktemp("nasty"))) as console:
        yield console


@pytest.fixture(scope="module")
def made(console):
    return console.bulletin(text="Xin chào.").id


@pytest.mark.parametrize("word", NASTY, ids=ascii)
def test_in_paths_and_questions(author, word):
    for path in ("/api/bulletins/{}", "/bulletins/{}", "/api/sessions/{}", "/sessions/{}", "/media/{}", "/static/0/{}",
                 "/sessions/{}/poles/x/heard", "/directives/{}", "/api/directives/{}", "/directives/{}/scan",
                 "/api/communes/{}/law"):
        answer = author.get(path.format(word.replace("/", "%2F").replace("\0", "%00").replace("\r\n", "%0D%0A")))
        assert 400 <= answer.status_code < 500, (path, answer.status_code)
        assert word not in answer.text or not word.startswith("<")
    for path, name in (("/", "day"), ("/login", "next"), ("/bulletins/new", "commune"), ("/api/sessions", "from"),
                       ("/law", "set"), ("/law", "commune"), ("/charter", "commune"), ("/poles", "aside"),
                       ("/directives/new", "commune")):
        assert author.get(path, params={name: word}).status_code < 500, path


@pytest.mark.parametrize("word", NASTY, ids=ascii)
def test_in_forms_and_json(author, made, word):
    for path, data in (("/login", {"username": word, "password": word, "form_token": word}),
                       ("/bulletins/foresee", {"commune": WARD, "day": word, "time": word, "file_ms": word}),
                       (f"/bulletins/{made}/plan", {"day": "2026-03-09", "time": "17:00", "clusters": [word]}),
                       (f"/bulletins/{made}/send-back", {"reason": word})):
        assert author.post(path, data=data).status_code < 500, path
    plan = {"start_at": "2026-03-09T17:00:00+07:00", "bulletins": [word], "clusters": [word], "commune": word}
    for path, body in (("/api/login", {"username": word, "password": word}), ("/api/sessions", plan),
                       ("/api/bulletins", {"title": word, "field": word, "text": "\0", "commune": word})):
        assert 400 <= author.post(path, json=body).status_code < 500, path


@pytest.mark.parametrize("word", NASTY, ids=ascii)
def test_in_the_papers_of_the_law(console, word):
    told = dict.fromkeys(("issuer", "number", "dated", "from_day", "to_day", "subject", "communes", "lifts"), word)
    form = dict.fromkeys(("from_day", "number", "rule_set", "reason", "slot_half", "slot_from", "slot_to",
                          "slot_minutes", "set_rule", "set_name", "set_value", "set_reason"), word)
    with console.client("canbo") as staff:
        papers = {"scan": (word or "x", word.encode() or b"x", "application/pdf")}
        for answer in (staff.post("/api/directives", json={**told, "lifts": [word], "communes": [word]}),
                       staff.post("/directives", data=told, files=papers),
                       staff.post(f"/charter/{WARD}", data=form), staff.post(f"/charter/{WARD}/rule-set", data=form),
                       staff.post(f"/charter/{WARD}", data={**form, "from_day": "2026-04-01"}),
                       staff.put(f"/api/communes/{WARD}/charter", json={"from_day": word, "slots": [word]}),
                       staff.put(f"/api/communes/{WARD}/rule-set", json={"from_day": "2026-04-01", "rule_set": word,
                                                                         "reason": word})):
            assert answer.status_code < 500, answer.request.url


@pytest.mark.parametrize("instant", INSTANTS)
def test_instants_at_the_ends_of_time(author, made, instant):
    told = author.post("/api/sessions/check", json={"start_at": instant, "bulletins": [made]})
    assert (told.status_code, told.json()["field"]) == (422, "start_at")
    day = instant[:10]
    assert author.get("/", params={"day": day}).status_code < 500
    assert author.get(f"/bulletins/{made}", params={"day": day, "time": "23:59"}).status_code < 500
    assert author.get("/api/sessions", params={"from": instant, "to": instant}).status_code < 500


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'{"title": 1}', b"\xff\xfe", b'{"a":' * 5000])
def test_bodies_that_are_not_what_was_asked_for(author, made, body):
    for path in ("/api/bulletins", "/api/sessions", "/api/sessions/check", f"/api/bulletins/{made}/send-back"):
        told = author.post(path, content=body, headers={"Content-Type": "application/json"})
        assert told.status_code in (400, 422) and set(told.json()) == {"message", "field"}, path


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=",
                                  "multipart/form-data; boundary=a", "multipart/mixed; boundary=a", "text/plain", ""])
def test_uploads_that_are_none(author, kind):
    for path in ("/api/bulletins", "/bulletins"):
        assert 400 <= author.post(path, content=b"x" * 100, headers={"Content-Type": kind}).status_code < 500, path
