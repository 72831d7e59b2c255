"""The API as a program meets it: over HTTP, on a real database, with real sound."""

from datetime import timedelta

import pytest

from headend.domain.bulletin import BulletinState
from headend.domain.person import Person, Role
from headend.domain.session import SessionState
from headend.domain.times import hanoi
from headend.ports import Account
from headend.services import on_air
from protocol import messages, receipt, topics
from tests.support import console as console_
from tests.support.console import APPROVER, AUTHOR, MONDAY, PASSWORD, RURAL, TEXT, WARD

POLES = [f"{WARD}-{number:02d}" for number in range(1, 7)]


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    with console_.served(console_.build(folder)) as console:
        yield console


@pytest.fixture
def day(console):
    """A Monday of its own for each test: the clock stands at its 05:30."""
    weeks = (console.clock.at - MONDAY).days // 7 + 1
    console.clock.at = MONDAY + timedelta(weeks=weeks)
    return console.clock.at


@pytest.fixture
def author(console, day):
    with console.client(AUTHOR) as client:
        yield client


@pytest.fixture
def approver(console, day):
    with console.client(APPROVER) as client:
        yield client


def spoken(author, **more):
    """A draft, made over the API."""
    words = {"title": "Tiêm chủng", "field": "notice", "event_day": "2030-01-01", "text": TEXT}
    answer = author.post("/api/bulletins", json={**words, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def plan(author, start_at, *bulletins, **more):
    """The answer to a plan."""
    return author.post("/api/sessions", json={"start_at": start_at.isoformat(), "bulletins": bulletins, **more})


def test_text_becomes_an_approved_session_with_two_people(author, approver, day):
    made = spoken(author)
    assert made["state"] == "draft" and made["commune"] == WARD and 5_000 < made["duration_ms"] < 30_000
    session = plan(author, day + timedelta(hours=2), made["id"]).json()
    assert (session["state"], len(session["clusters"])) == ("planned", 6)
    assert author.post(f"/api/bulletins/{made['id']}/submit").json()["state"] == "submitted"
    approved = approver.post(f"/api/bulletins/{made['id']}/approve").json()
    assert approved["approver"] == APPROVER and approved["approved_sha256"] == made["sha256"]
    assert author.get(f"/api/sessions/{session['id']}").json()["state"] == "approved"


def test_instants_are_written_on_a_ha_noi_clock(author, day):
    made = spoken(author)
    session = plan(author, (day + timedelta(hours=2)).astimezone(tz=None), made["id"]).json()
    assert session["start_at"] == f"{hanoi(day):%Y-%m-%d}T07:30:00+07:00"


def test_lists_hold_what_was_made(author, day):
    made = spoken(author, title="Trong danh sách")
    session = plan(author, day + timedelta(hours=2), made["id"]).json()
    assert made["id"] in [one["id"] for one in author.get("/api/bulletins").json()]
    assert author.get(f"/api/bulletins/{made['id']}").json() == made
    listed = author.get("/api/sessions", params={"from": day.isoformat(), "to": (day + timedelta(1)).isoformat()})
    assert [one["id"] for one in listed.json()] == [session["id"]]


def test_a_list_of_sessions_is_bounded(author, day):
    asked = {"from": day.isoformat(), "to": (day + timedelta(days=400)).isoformat()}
    answer = author.get("/api/sessions", params=asked)
    assert answer.status_code == 422 and answer.json()["field"] == "to"


def test_the_second_session_of_a_half_day_is_refused_with_its_law_and_the_next_slots(author, day):
    made = spoken(author)
    assert plan(author, day + timedelta(hours=2), made["id"]).status_code == 201
    answer = plan(author, day + timedelta(hours=3), made["id"])
    assert answer.status_code == 409
    told = answer.json()
    assert set(told) == {"refusals", "warnings", "next_slots", "lawful_clusters"}
    assert {one["rule"] for one in told["refusals"]} == {"T-03"}
    assert {one["cluster"] for one in told["refusals"]} == set(POLES)
    first = told["refusals"][0]
    assert set(first) == {"rule", "article", "quote", "message", "limit", "actual", "cluster", "item"}
    assert "Tối đa hai buổi" in first["quote"] and (first["limit"], first["actual"]) == (1, 2)
    assert told["next_slots"][0] == f"{hanoi(day):%Y-%m-%d}T17:00:00+07:00"


def test_the_page_shows_exactly_the_refusal_of_the_api(author, day):
    made = spoken(author)
    plan(author, day + timedelta(hours=2), made["id"])
    start = hanoi(day + timedelta(hours=3))
    told = plan(author, start, made["id"]).json()
    page = author.post(f"/bulletins/{made['id']}/plan", headers={"HX-Request": "true"},
                       data={"day": f"{start:%Y-%m-%d}", "time": f"{start:%H:%M}"})
    assert page.status_code == 409
    first = told["refusals"][0]
    for words in (first["rule"], first["article"], first["quote"], first["message"]):
        assert words in page.text
    for slot in told["next_slots"]:
        assert f'data-day="{slot[:10]}" data-time="{slot[11:16]}"' in page.text


def test_a_check_tells_the_same_and_changes_nothing(author, day):
    made = spoken(author)
    saturday = day + timedelta(days=5, hours=2)
    answer = author.post("/api/sessions/check", json={"start_at": saturday.isoformat(), "bulletins": [made["id"]]})
    assert answer.status_code == 200
    told = answer.json()
    assert told.pop("allowed") is False
    assert told == plan(author, saturday, made["id"]).json()
    assert {one["rule"] for one in told["refusals"]} == {"T-04"}
    lawful = author.post("/api/sessions/check", json={"start_at": told["next_slots"][0], "bulletins": [made["id"]]})
    nothing = {"refusals": [], "warnings": [], "next_slots": [], "lawful_clusters": []}
    assert lawful.json() == {"allowed": True, **nothing}


def test_nobody_approves_what_they_wrote(console, author, approver, day):
    made = spoken(author)
    author.post(f"/api/bulletins/{made['id']}/submit")
    with console.ports.db() as db:
        found = db.bulletin(made["id"])
        db.put_bulletin(type(found)(**{**vars(found), "author": APPROVER}))
    answer = approver.post(f"/api/bulletins/{made['id']}/approve")
    assert answer.status_code == 409
    assert [(one["rule"], one["item"]) for one in answer.json()["refusals"]] == [("C-06", made["id"])]


def test_an_instant_without_a_zone_and_a_time_gone_by_are_bad_input(author, day):
    made = spoken(author)
    naive = author.post("/api/sessions", json={"start_at": "2026-03-10T07:00:00", "bulletins": [made["id"]]})
    assert (naive.status_code, naive.json()["field"]) == (422, "start_at")
    late = plan(author, day - timedelta(minutes=10), made["id"])
    assert (late.status_code, late.json()["field"]) == (422, "start_at")


def test_sending_back_wants_a_reason_and_gives_it_to_the_author(author, approver, day):
    made = spoken(author)
    author.post(f"/api/bulletins/{made['id']}/submit")
    bare = approver.post(f"/api/bulletins/{made['id']}/send-back", json={"reason": "  "})
    assert (bare.status_code, bare.json()["field"]) == (422, "reason")
    approver.post(f"/api/bulletins/{made['id']}/send-back", json={"reason": "Sai ngày tiêm."})
    found = author.get(f"/api/bulletins/{made['id']}").json()
    assert (found["state"], found["note"]) == ("draft", "Sai ngày tiêm.")


def test_a_withdrawn_bulletin_takes_its_sessions_along_and_stays_gone(author, day):
    made = spoken(author)
    session = plan(author, day + timedelta(hours=2), made["id"]).json()
    assert author.post(f"/api/bulletins/{made['id']}/withdraw").json()["state"] == BulletinState.WITHDRAWN
    assert author.get(f"/api/sessions/{session['id']}").json()["state"] == SessionState.WITHDRAWN
    again = author.post(f"/api/bulletins/{made['id']}/submit")
    assert again.status_code == 409 and "đã rút" in again.json()["message"]


def test_a_withdrawn_session_frees_its_air(author, day):
    made = spoken(author)
    session = plan(author, day + timedelta(hours=2), made["id"]).json()
    assert author.post(f"/api/sessions/{session['id']}/withdraw").json()["state"] == "withdrawn"
    assert plan(author, day + timedelta(hours=3), made["id"]).status_code == 201


def test_deliveries_say_what_each_pole_told_and_no_more(console, author, day):
    session = console.ordered(day + timedelta(hours=2))
    first, second = POLES[:2]
    begin_us = int(session.start_at.timestamp() * 1_000_000) + 1_500
    console.told(first, 1001 + day.toordinal(), messages.READY, session)
    console.told(first, 1002 + day.toordinal(), messages.STARTED, session, first_at_us=begin_us, skipped_frames=0)
    told = {one["pole"]: one for one in author.get(f"/api/sessions/{session.id}").json()["deliveries"]}
    assert (told[first]["state"], told[first]["start_error_ms"]) == ("playing", 1.5)
    assert (told[second]["state"], told[second]["started_us"]) == ("ordered", None)
    assert set(told) == set(POLES)


def test_what_a_pole_really_sounded_can_be_heard_and_drawn_and_a_gap_stays_a_gap(console, author, day):
    session = console.ordered(day + timedelta(hours=2))
    console.clock.at = session.end_at + timedelta(seconds=1)
    on_air.catch_up(console.ports)
    console.sounded(POLES[0], session)
    sound = author.get(f"/api/sessions/{session.id}/poles/{POLES[0]}/heard.wav")
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/wav") and sound.content[:4] == b"RIFF"
    drawn = author.get(f"/api/sessions/{session.id}/poles/{POLES[0]}/wave.json").json()
    assert max(high for _, high in drawn["wave"]) > 10_000
    for leaf in ("heard.wav", "wave.json"):
        assert author.get(f"/api/sessions/{session.id}/poles/{POLES[1]}/{leaf}").status_code == 404
    stranger = author.get(f"/api/sessions/{session.id}/poles/{RURAL}-01/heard.wav")
    assert stranger.status_code == 404 and "không thuộc buổi phát" in stranger.json()["message"]


def test_the_source_is_the_whole_programme_on_the_line_of_time_of_what_was_heard(console, author):
    session = console.ordered(console.clock.at + timedelta(hours=2))
    console.sounded(POLES[0], session)
    heard = author.get(f"/sessions/{session.id}/poles/{POLES[0]}/heard.wav").content
    assert author.get(f"/sessions/{session.id}/source.wav").content == heard
    part = author.get(f"/sessions/{session.id}/source.wav", headers={"Range": "bytes=0-43"})
    assert part.status_code == 206 and part.content == heard[:44]
    planned = console.planned(console.clock.at + timedelta(hours=9))
    answer = author.get(f"/sessions/{planned.id}/source.wav")
    assert answer.status_code == 404 and "chưa được ghép" in answer.text


def test_other_words_make_a_draft_again_and_no_words_change_nothing(author, day):
    made = spoken(author)
    author.post(f"/api/bulletins/{made['id']}/submit")
    changed = author.post(f"/api/bulletins/{made['id']}/sound", json={"text": "Buổi tiêm dời sang chủ nhật."}).json()
    assert (changed["state"], changed["text"]) == ("draft", "Buổi tiêm dời sang chủ nhật.")
    assert changed["sha256"] != made["sha256"]
    answer = author.post(f"/api/bulletins/{made['id']}/sound", json={"text": "  "})
    assert (answer.status_code, answer.json()["field"]) == (422, "text")
    assert author.get(f"/api/bulletins/{made['id']}").json() == changed


def test_poles_are_listed_with_what_they_said_last(console, author):
    console.online(POLES[0], plan_version=3, runtime="micropython 1.25.0", refused=2)
    listed = {one["id"]: one for one in author.get("/api/poles").json()}
    assert list(listed) == POLES
    assert (listed[POLES[0]]["online"], listed[POLES[0]]["plan_version"], listed[POLES[0]]["refused"]) == (True, 3, 2)


def test_poles_are_listed_with_what_they_feel_of_themselves(console, author):
    console.feels(POLES[1], mains=0, battery_mv=12_300, battery_minutes=750, temperature_c=41, faults=["horn_open 2"])
    modem = {"uplink": "4g", "operator": "Viettel", "sim": "4567", "dial_dbm": -73}
    console.feels(POLES[2], **modem)
    console.feels(POLES[0], uplink="wifi", rssi_dbm=-70)
    event = messages.Receipt(pole=POLES[1], journal="ab" * 6, seq=1, kind="cabinet_opened", at_ms=1)
    console.pole_says(POLES[1], receipt.RECEIPT, topics.RECEIPT, event)
    listed = {one["id"]: one["felt"] for one in author.get("/api/poles").json()}
    felt = listed[POLES[1]]
    assert (felt["mains"], felt["battery_mv"], felt["faults"]) == (False, 12_300, ["horn_open 2"])
    assert listed[POLES[2]]["mains"] is None and listed[POLES[3]] is None
    assert {name: listed[POLES[2]][name] for name in modem} == modem
    page = author.get("/poles").text
    lines = ("4G Viettel, SIM …4567, lúc quay số -73 dBm", "Wi-Fi, -70 dBm")
    for words in (*lines, "12,3 V", "còn 12 giờ", "41 °C", "loa 2 đứt dây", "tủ bị mở"):
        assert words in page, words


def test_a_technician_asks_a_pole_to_test_itself_and_reads_what_it_came_to(console, author):
    technician = Account(Person("ky", "Vũ Kỳ", Role.TECHNICIAN, WARD), console.ports.passwords.hash(PASSWORD))
    with console.ports.db() as db:
        db.put_account(technician)
    with console.client("ky") as client:
        assert f'action="/poles/{POLES[4]}/check"' in client.get("/poles", params={"test": POLES[4]}).text
        went = client.post(f"/poles/{POLES[4]}/check", data={"what": "horns"})
        assert (went.status_code, went.headers["location"]) == (303, f"/poles?sent={POLES[4]}")
        assert "Đã gửi lệnh kiểm tra" in client.get(went.headers["location"]).text
        wrong = client.post(f"/poles/{POLES[4]}/check", data={"what": "everything"})
        assert wrong.status_code == 422 and "Hãy chọn một phép thử" in wrong.text
    event = messages.Receipt(pole=POLES[4], journal="cd" * 6, seq=1, kind="checked", at_ms=1, why="horns: horn_open 2")
    console.pole_says(POLES[4], receipt.RECEIPT, topics.RECEIPT, event)
    page = author.get("/poles").text
    assert "thử loa: loa 2 đứt dây" in page and "/check" not in page
    assert "Đã gửi lệnh" not in author.get("/poles", params={"sent": POLES[4]}).text  # who may not has sent none


def test_a_page_says_how_much_of_the_sound_a_pole_felt(console, author, day):
    session = console.ordered(day + timedelta(hours=2))
    for pole, heard in zip(POLES, (985, 40, 600, None), strict=False):
        console.told(pole, 1001, "started", session, first_at_us=1)
        console.told(pole, 1002, "finished", session, frames=1, heard_permille=heard)
    told = {one["pole"]: one for one in author.get(f"/api/sessions/{session.id}").json()["deliveries"]}
    assert [told[pole]["heard_permille"] for pole in POLES[:4]] == [985, 40, 600, None]
    page = author.get(f"/sessions/{session.id}").text
    assert "<small>loa có tiếng 98 %</small>" in page
    assert '<small class="bad">không nghe thấy tiếng</small>' in page
    assert '<small class="bad">loa có tiếng 60 %</small>' in page


def test_a_recording_is_served_with_its_own_type_and_in_pieces(author, day):
    made = spoken(author)
    whole = author.get(f"/bulletins/{made['id']}/sound.wav")
    part = author.get(f"/bulletins/{made['id']}/sound.wav", headers={"Range": "bytes=0-43"})
    assert (whole.headers["content-type"], whole.headers["x-content-type-options"]) == ("audio/wav", "nosniff")
    assert part.status_code == 206 and part.content == whole.content[:44]


def test_poles_fetch_media_by_range_without_a_log_in(console, day):
    session = console.ordered(day + timedelta(hours=2))
    media = session.programme.media
    with console.client() as pole:
        chunks = pole.get(f"/media/{media}.chunks")
        part = pole.get(f"/media/{media}", headers={"Range": "bytes=512-1023"})
        assert chunks.status_code == 200 and len(chunks.content) % 32 == 0
        assert part.status_code == 206 and len(part.content) == 512
        assert part.headers["content-range"] == f"bytes 512-1023/{session.programme.bytes}"
        assert "immutable" in part.headers["cache-control"]
        assert pole.get(f"/media/{'0' * 64}").status_code == 404
        assert pole.get("/media/..%2Floa.db").status_code == 404
        assert pole.get(f"/media/{'G' * 64}").status_code == 422


def test_the_description_names_every_route_of_the_api(console):
    with console.client() as client:
        described = client.get("/api/openapi.json").json()
    paths = set(described["paths"])
    assert paths == {path for _, path in console.routes() if path.startswith("/api/")} - {"/api/openapi.json"}
    upload = described["paths"]["/api/bulletins"]["post"]["requestBody"]["content"]
    assert set(upload) == {"application/json", "multipart/form-data"}


def test_what_does_not_exist_is_told_in_one_sentence(author):
    for path in ("/api/bulletins/none", "/api/sessions/none", "/api/nothing"):
        answer = author.get(path)
        assert answer.status_code in (404, 400) and set(answer.json()) == {"message", "field"}, path


def test_health_tells_whether_the_broker_is_in_reach_and_a_page_was_opened(console):
    with console.client() as client:
        client.get("/login")
        assert client.get("/api/health").json() == {"broker": False, "opened": True}


def test_the_password_is_nowhere_in_an_answer(console, author):
    assert PASSWORD not in author.get("/api/me").text
    with console.client() as client:
        assert PASSWORD not in client.get("/login").text  # it is shown in a demonstration only
