"""The law over HTTP: the rulebook, what binds a place, what directives lift."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from headend.domain.charter import Regime, Setting, Slot, StationCharter
from headend.domain.times import HANOI
from tests.support import console as console_
from tests.support.console import APPROVER, AUTHOR, MONDAY, RURAL, TEXT, WARD

PDF = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\n%%EOF\n"
NO_SCAN = {"scan": ("", b"")}
SATURDAY = datetime(2026, 3, 7, 7, 0, tzinfo=HANOI)
DIRECTIVE = {"issuer": "Sở Thông tin và Truyền thông", "number": "12/CV", "dated": "2026-03-01",
             "from_day": "2026-03-07", "to_day": "2026-03-08", "lifts": ["T-04"]}


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with console_.served(console_.build(tmp_path_factory.mktemp("law"))) as console:
        yield console


@pytest.fixture
def staff(console):
    with console.client("canbo") as client:
        yield client


def rule_of(page: str, rule: str) -> str:
    """The part of the rulebook that tells of one rule."""
    return re.search(rf'<article class="rule" id="{rule}".*?</article>', page, re.DOTALL)[0]


def test_the_rulebook_holds_every_rule_of_both_sets_with_its_quote_and_marks(console, author):
    for book in console.ports.books.values():
        page = author.get("/law", params={"set": book.id}).text
        assert re.findall(r'<article class="rule" id="([A-Z]-\d+)"', page) == list(book.rules)
        for rule in book.rules.values():
            told = rule_of(page, rule.id)
            assert ("chưa kiểm chứng" in told) == (not (rule.verified and rule.text.verified)), rule.id
            assert rule.quote[:20] in told and rule.gist[:20] in told
            assert ("có thể nới" in told) == rule.liftable
    assert author.get("/law", params={"set": "9999"}).status_code == 404


def test_the_rulebook_says_which_set_binds_and_which_communes_have_another(console, author):
    with console.ports.db() as db:
        db.put_regime(Regime(RURAL, date(2026, 1, 5), "5133", "theo đề nghị của xã"))
        db.put_charter(StationCharter(WARD, date(2026, 1, 1), settings=(
            Setting("C-08", "music_percent", 20, "dân phản ánh nhiều nhạc"),)))
    own = author.get("/law").text
    assert "đang áp dụng bộ <strong>D2021</strong>" in own and "là bộ mặc định" in own
    assert re.search(r"20 %</b>.*thường là 30 %.*dân phản ánh nhiều nhạc", rule_of(own, "C-08"))
    with console.client(f"phatthanh-{RURAL}") as there:
        page = there.get("/law").text
        assert "đang áp dụng bộ <strong>5133</strong>" in page and "05/01/2026" in page and 'id="T-02"' in page
    with console.client("canbo") as staff:
        page = staff.get("/law").text
        assert "Xã Bát Tràng</a>: bộ 5133 từ 05/01/2026" in page and "theo đề nghị của xã" in page
        assert "20 %" in rule_of(staff.get("/law", params={"commune": WARD}).text, "C-08")
    assert author.get("/law", params={"commune": RURAL}).status_code == 403


def spoken(author, **more):
    """A draft."""
    answer = author.post("/api/bulletins", json={"title": "Tiêm chủng", "field": "local_news", "text": TEXT, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def refused_by(author, start_at, bulletin, **more) -> list[str]:
    """The rules that a plan would break."""
    asked = {"start_at": start_at.isoformat(), "bulletins": [bulletin], **more}
    return sorted({one["rule"] for one in author.post("/api/sessions/check", json=asked).json()["refusals"]})


def test_a_directive_with_its_scan_lifts_a_saturday_and_nothing_after_it_was_withdrawn(console, author, approver):
    recorded = approver.post("/api/directives", data=DIRECTIVE, files={"scan": ("công văn.pdf", PDF, "text/html")})
    assert recorded.status_code == 201, recorded.text
    made = recorded.json()
    assert (made["communes"], made["lifts"], made["scan"]["media_type"]) == ([WARD], ["T-04"], "application/pdf")
    bulletin = spoken(author)["id"]
    assert refused_by(author, SATURDAY, bulletin) == ["T-04"]
    assert refused_by(author, SATURDAY, bulletin, directive=made["id"]) == []
    assert refused_by(author, SATURDAY + timedelta(days=7), bulletin, directive=made["id"]) == ["T-04"]
    session = author.post("/api/sessions", json={"start_at": SATURDAY.isoformat(), "bulletins": [bulletin],
                                                 "directive": made["id"]}).json()
    assert session["directive"] == made["id"]
    page = author.get(f"/directives/{made['id']}").text
    assert f"/sessions/{session['id']}" in page and "T-04" in page
    assert approver.post(f"/api/directives/{made['id']}/withdraw").json()["withdrawn_at"]
    assert refused_by(author, SATURDAY + timedelta(hours=10), bulletin, directive=made["id"]) == ["T-04"]
    again = approver.post(f"/api/directives/{made['id']}/withdraw")
    assert again.status_code == 409 and "thôi áp dụng" in again.json()["message"]


def test_a_scan_is_given_back_as_it_was_under_a_harmless_name_and_type(console, approver, author):
    files = {"scan": ("../../evil.html", PDF, "text/html")}
    made = approver.post("/api/directives", data=DIRECTIVE, files=files).json()
    assert made["scan"]["name"] == "evil.html"
    for path in (f"/directives/{made['id']}/scan", f"/api/directives/{made['id']}/scan"):
        answer = author.get(path)
        assert answer.content == PDF and answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"] == 'inline; filename="evil.pdf"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    plain = approver.post("/api/directives", json=DIRECTIVE).json()
    console.ports.papers.path(made["scan"]["sha256"]).unlink()
    assert author.get(f"/directives/{made['id']}/scan").status_code == 404
    assert plain["scan"] is None and author.get(f"/api/directives/{plain['id']}/scan").status_code == 404


@pytest.mark.parametrize(("change", "field"), [
    ({"issuer": " "}, "issuer"), ({"number": ""}, "number"), ({"lifts": ["T-15"]}, "lifts"),
    ({"to_day": "2026-03-06"}, "to_day"), ({"dated": "hôm qua"}, "dated"), ({"communes": ["99999"]}, "communes")])
def test_a_directive_that_says_nothing_or_too_much_is_told_where_it_is_wrong(staff, change, field):
    answer = staff.post("/api/directives", json={**DIRECTIVE, "communes": [WARD], **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    token = {"csrf": staff.headers["X-CSRF-Token"]}
    page = staff.post("/directives", data={**token, **DIRECTIVE, "communes": [WARD], **change}, files=NO_SCAN)
    assert page.status_code == 422 and f'data-field="{field}"' in page.text


@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"MZ" + bytes(99), bytes(5000)])
def test_what_is_no_paper_is_refused(approver, content):
    answer = approver.post("/api/directives", data=DIRECTIVE, files={"scan": ("a.pdf", content, "application/pdf")})
    assert (answer.status_code, answer.json()["field"]) == (422, "scan")


def test_a_scan_that_is_too_large_is_refused_while_it_comes(approver):
    big = PDF + bytes(21 * 1024 * 1024)
    answer = approver.post("/api/directives", data=DIRECTIVE, files={"scan": ("a.pdf", big, "application/pdf")})
    assert (answer.status_code, answer.json()["field"]) == (422, "scan") and "20 MB" in answer.json()["message"]


def test_nobody_records_for_another_commune_and_the_city_for_all(approver, staff, console):
    assert approver.post("/api/directives", json={**DIRECTIVE, "communes": [RURAL]}).status_code == 403
    assert approver.post("/api/directives", json={**DIRECTIVE, "communes": ["all"]}).status_code == 403
    made = staff.post("/api/directives", json={**DIRECTIVE, "number": "1/TP", "communes": ["all"]}).json()
    with console.client(f"phatthanh-{RURAL}") as there:
        assert made["id"] in [one["id"] for one in there.get("/api/directives").json()]
    lists = staff.get("/directives").text
    assert "toàn thành phố" in lists and "Sắp áp dụng" in lists


@pytest.fixture
def decreed(console):
    """A day on which the older rule-set binds the ward."""
    with console.ports.db() as db:
        db.put_regime(Regime(WARD, date(2027, 3, 1), "5133", "thí điểm"))
    return "2027-03-04"


def test_a_directive_leads_to_the_words_of_each_rule_that_it_lifts(approver):
    made = approver.post("/api/directives", json={**DIRECTIVE, "lifts": ["T-01", "T-04"]}).json()
    links = re.findall(r'href="(/law\?set=[^"]+)"><b>', approver.get(f"/directives/{made['id']}").text)
    assert links == ["/law?set=5133#T-01", "/law?set=D2021#T-04"]
    for link in links:
        assert f'id="{link.partition("#")[2]}"' in approver.get(link).text


def test_city_policy_needs_its_document_also_while_the_form_is_filled_in(author, approver, decreed):
    wish = {"commune": WARD, "day": decreed, "time": "09:00", "text": TEXT, "field": "city_policy"}
    assert "C-02" in author.post("/bulletins/foresee", data=wish).text
    made = approver.post("/api/directives", json={**DIRECTIVE, "to_day": decreed, "lifts": []}).json()
    assert "đúng quy định" in author.post("/bulletins/foresee", data={**wish, "directive": made["id"]}).text


@pytest.mark.parametrize(("told", "rule"), [
    ({"field": "notice"}, "C-03"), ({"field": "notice", "event_day": "2026-03-04"}, "C-03"),
    ({"field": "local_news", "kind": "music"}, "C-08"), ({"field": "local_news", "kind": "relay"}, "C-05"),
    ({"field": "notice", "event_day": "2026-03-05"}, None)])
def test_what_is_said_of_the_bulletin_is_judged_before_it_exists(author, told, rule):
    wish = {"commune": WARD, "day": "2026-03-05", "time": "09:00", "text": TEXT, **told}
    page = author.post("/bulletins/foresee", data=wish).text
    assert re.findall(r'data-rule="(.*?)"', page) == ([rule] if rule else [])


def test_a_form_that_says_nonsense_of_a_bulletin_is_told_where(author):
    wish = {"commune": WARD, "day": "2026-03-05", "time": "09:00"}
    for name, value in (("kind", "opera"), ("event_day", "mai")):
        answer = author.post("/bulletins/foresee", data={**wish, name: value}, headers={"HX-Request": "true"})
        assert answer.status_code == 422 and f'data-field="{name}"' in answer.text


def test_other_words_about_a_bulletin_make_it_a_draft_again(author, approver):
    made = spoken(author)
    author.post(f"/api/bulletins/{made['id']}/submit")
    changed = {"title": "Tiêm chủng mở rộng", "field": "notice", "event_day": "2026-03-09", "kind": "speech"}
    answer = author.post(f"/bulletins/{made['id']}/about", data=changed)
    assert answer.status_code == 303
    found = author.get(f"/api/bulletins/{made['id']}").json()
    assert (found["state"], found["title"], found["event_day"]) == ("draft", "Tiêm chủng mở rộng", "2026-03-09")


HOURS = [{"half_day": "morning", "from": "06:00", "to": "06:30", "max_seconds": 600},
         {"half_day": "afternoon", "from": "17:00", "to": "17:30"}]


def test_a_charter_binds_from_its_day_on_and_is_cited(author, approver):
    issued = approver.put(f"/api/communes/{WARD}/charter", json={
        "from_day": "2026-04-06", "slots": HOURS, "number": "15/QĐ-UBND",
        "settings": [{"rule": "C-08", "name": "music_percent", "value": 20, "reason": "dân phản ánh"}]})
    assert issued.status_code == 200, issued.text
    assert [one["from"] for one in issued.json()["slots"]] == ["06:00", "17:00"]
    bulletin = spoken(author)["id"]
    nine = datetime(2026, 4, 6, 9, 0, tzinfo=HANOI)
    assert refused_by(author, nine - timedelta(days=3), bulletin) == []
    told = author.post("/api/sessions/check", json={"start_at": nine.isoformat(), "bulletins": [bulletin]}).json()
    assert {one["rule"] for one in told["refusals"]} == {"T-08"}
    assert told["next_slots"][0] == "2026-04-06T17:00:00+07:00"
    law = author.get(f"/api/communes/{WARD}/law").json()
    assert (law["rule_set"], law["classes"]) == ("D2021", ["Q"])
    assert "2026-04-06" in [one["from_day"] for one in law["charters"]]


@pytest.mark.parametrize(("change", "field"), [
    ({"slots": [{**HOURS[0], "max_seconds": 1000}]}, "slots"), ({"slots": [HOURS[0], HOURS[0]]}, "slots"),
    ({"slots": [{**HOURS[0], "to": "13:00"}]}, "slots"), ({"from_day": "2026-03-01"}, "from_day"),
    ({"settings": [{"rule": "T-05", "name": "max_seconds", "value": 60, "reason": "x"}]}, "settings"),
    ({"settings": [{"rule": "C-08", "name": "music_percent", "value": 20, "reason": " "}]}, "settings")])
def test_a_charter_can_only_be_narrower_than_the_law(approver, change, field):
    answer = approver.put(f"/api/communes/{WARD}/charter", json={"from_day": "2026-05-04", **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_the_form_of_a_charter_reads_hours_as_people_write_them_and_skips_empty_rows(console, approver):
    form = {"from_day": "2026-06-01", "number": "16/QĐ", "slot_half": ["morning", "morning", "afternoon"],
            "slot_from": ["6h", "", "17g15"], "slot_to": ["6h30", "", "17:30"], "slot_minutes": ["7,5", "", ""],
            "set_rule": ["C-08", "T-15"], "set_name": ["music_percent", "quiet_from_minute"],
            "set_value": ["", "20:00"], "set_reason": ["", "gần bệnh viện"]}
    answer = approver.post(f"/charter/{WARD}", data=form)
    assert answer.status_code == 303, answer.text
    with console.ports.db(readonly=True) as db:
        made = next(one for one in db.charters(WARD) if one.from_day == date(2026, 6, 1))
    assert [(one.from_minute, one.to_minute, one.max_seconds) for one in made.slots] == [
        (360, 390, 450), (1035, 1050, None)]
    assert [(one.rule, one.value) for one in made.settings] == [("T-15", 1200)]
    for name, value in (("slot_from", ["sáu giờ"]), ("slot_minutes", ["nhiều"]), ("set_value", ["nhiều"])):
        bad = approver.post(f"/charter/{WARD}", data={**form, name: [*value, *form[name][1:]]})
        assert bad.status_code == 422 and f'data-field="{name}"' in bad.text
    console.clock.at = datetime(2026, 6, 1, 8, 0, tzinfo=HANOI)
    with console.client(APPROVER) as later:
        page = later.get("/charter").text
    console.clock.at = MONDAY
    assert "06:00–06:30" in page and "7 phút 30 giây" in page and 'value="7,5"' in page and 'value="20:00"' in page


def test_the_city_chooses_the_rules_of_a_commune_and_says_why(staff, approver):
    asked = {"from_day": "2026-09-07", "rule_set": "5133", "reason": "Thí điểm"}
    assert approver.put(f"/api/communes/{WARD}/rule-set", json=asked).status_code == 403
    assert staff.put("/api/communes/99999/rule-set", json=asked).status_code == 404
    assert staff.put("/api/communes/99999/charter", json={"from_day": "2026-09-07"}).status_code == 404
    for change, field in (({"rule_set": "1999"}, "rule_set"), ({"reason": " "}, "reason")):
        answer = staff.put(f"/api/communes/{WARD}/rule-set", json={**asked, **change})
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert staff.put(f"/api/communes/{WARD}/rule-set", json=asked).json()["rule_set"] == "5133"
    assert "Từ 07/09/2026 chuyển sang bộ" in staff.get("/charter", params={"commune": WARD}).text
    assert "Phường Hoàn Kiếm" in staff.get("/charter").text


def test_a_cluster_set_aside_is_silent_and_not_missing(console, staff, author):
    pole = f"{WARD}-06"
    for one in console.poles():
        if one != pole:
            console.online(one)
    assert "5/6 cụm loa đang kết nối" in author.get("/").text
    bare = staff.post(f"/api/poles/{pole}/suspend", json={"reason": " "})
    assert (bare.status_code, bare.json()["field"]) == (422, "reason")
    form = staff.get("/poles", params={"aside": pole}).text
    assert f'action="/poles/{pole}/suspend"' in form and "P-04" in form
    assert staff.post(f"/poles/{pole}/suspend", data={"reason": "Gần trường học"}).status_code == 303
    for path in ("/", "/poles"):
        page = author.get(path).text
        assert "5/5 cụm loa đang kết nối" in page and "1 cụm tạm dừng" in page
    assert "Tạm dừng<span" not in author.get("/poles", params={"aside": pole}).text
    planned = author.post("/api/sessions/check", json={"start_at": (MONDAY + timedelta(hours=3)).isoformat(),
                                                       "bulletins": [spoken(author)["id"]], "clusters": [pole]})
    assert planned.status_code == 422 and "tạm dừng" in planned.json()["message"]
    assert staff.post(f"/api/poles/{pole}/resume", json={"reason": "Đã thống nhất"}).json()["suspended"] is False
    assert "5/6 cụm loa đang kết nối" in author.get("/").text


THURSDAY = datetime(2026, 3, 12, 9, 0, tzinfo=HANOI)
AGREED = "Đã thống nhất với xã bên."


@pytest.fixture
def beside(console):
    """A session of the rural commune at nine, from a pole beside one of the ward's; asks the ward for its day."""
    with console.ports.db() as db:
        ours, theirs = db.cluster(f"{WARD}-01"), db.cluster(f"{RURAL}-01")
        db.put_cluster(replace(theirs, lat=ours.lat + 0.0005, lon=ours.lon))

    def on_air(start_at):
        with console.client(f"phatthanh-{RURAL}") as there:
            made = spoken(there, title="Tin của xã", text="Xin chào bà con trong xã.")["id"]
            answer = there.post("/api/sessions", json={"start_at": start_at.isoformat(), "bulletins": [made],
                                                       "clusters": [f"{RURAL}-01"], "reasons": {"T-14": "Đã báo."}})
            assert answer.status_code == 201, answer.text

    return on_air


def test_a_warning_is_answered_by_a_program_with_a_reason_that_is_kept(author, beside):
    beside(THURSDAY)
    asked = {"start_at": THURSDAY.isoformat(), "bulletins": [spoken(author)["id"]]}
    told = author.post("/api/sessions", json=asked)
    assert told.status_code == 409 and told.json()["refusals"] == []
    assert {one["rule"] for one in told.json()["warnings"]} == {"T-14"}
    assert author.post("/api/sessions", json={**asked, "reasons": {"T-14": "  "}}).status_code == 409
    made = author.post("/api/sessions", json={**asked, "reasons": {"T-14": AGREED}})
    assert made.status_code == 201
    assert [(one["rule"], one["reason"], one["by"]) for one in made.json()["confirmed"]] == [("T-14", AGREED, AUTHOR)]


def test_what_warns_only_since_it_was_planned_is_answered_by_the_approver(author, approver, beside):
    start_at = THURSDAY + timedelta(days=1)
    bulletin = spoken(author)["id"]
    author.post(f"/api/bulletins/{bulletin}/submit")
    session = author.post("/api/sessions", json={"start_at": start_at.isoformat(), "bulletins": [bulletin]}).json()
    assert "Buổi phát đang chờ đúng quy định" in approver.get(f"/bulletins/{bulletin}").text
    beside(start_at)
    assert 'name="why"' in approver.get(f"/bulletins/{bulletin}").text
    assert approver.post(f"/api/bulletins/{bulletin}/approve").status_code == 409
    without_scripts = approver.post(f"/bulletins/{bulletin}/approve")
    assert (without_scripts.status_code, without_scripts.headers["location"]) == (303, f"/bulletins/{bulletin}")
    assert author.get(f"/api/bulletins/{bulletin}").json()["state"] == "submitted"
    answer = approver.post(f"/bulletins/{bulletin}/approve", data={"warned": ["T-14"], "why": [AGREED]})
    assert answer.status_code == 303
    found = author.get(f"/api/sessions/{session['id']}").json()
    assert (found["state"], found["confirmed"][0]["by"]) == ("approved", APPROVER)


def test_a_browser_without_scripts_is_led_to_the_field_for_the_reason(author, approver, beside):
    start_at = THURSDAY + timedelta(days=4)
    beside(start_at)
    bulletin = spoken(author)["id"]
    wish = {"day": f"{start_at:%Y-%m-%d}", "time": "09:00"}
    led = author.post(f"/bulletins/{bulletin}/plan", data=wish)
    assert led.status_code == 303 and led.headers["location"].startswith(f"/bulletins/{bulletin}?day=")
    assert '<textarea id="why-T-14" name="why"' in author.get(led.headers["location"]).text
    done = author.post(f"/bulletins/{bulletin}/plan", data={**wish, "warned": ["T-14"], "why": [AGREED]})
    assert done.status_code == 303 and done.headers["location"].startswith("/sessions/")
    assert f"“{AGREED}”" in approver.get(f"/bulletins/{bulletin}").text


def test_an_approver_sees_that_a_session_would_be_refused_now(console, author, approver):
    start_at = THURSDAY + timedelta(days=7)
    bulletin = spoken(author)["id"]
    author.post(f"/api/bulletins/{bulletin}/submit")
    author.post("/api/sessions", json={"start_at": start_at.isoformat(), "bulletins": [bulletin]})
    with console.ports.db() as db:
        db.put_charter(StationCharter(WARD, start_at.date(), (Slot("morning", 360, 390),)))
        db.put_charter(StationCharter(WARD, start_at.date() + timedelta(days=1)))
    page = approver.get(f"/bulletins/{bulletin}").text
    assert "duyệt xong thì buổi phát 09:00" in page and 'data-rule="T-08"' in page
