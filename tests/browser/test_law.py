"""The law as people meet it: warnings with reasons, one press that trims, directives, hours of the charter."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from headend.domain.areas import AreaClass
from headend.domain.charter import Slot, StationCharter
from headend.domain.session import SessionState
from headend.services import bulletins, on_air, sessions
from headend.services.sessions import Asked
from protocol import messages
from tests.support import nouns, sounds
from tests.support.console import APPROVER, AUTHOR, MONDAY, RURAL, WARD

NINE = MONDAY + timedelta(hours=3, minutes=30)
WHY = "Đã thống nhất giờ với xã Bát Tràng."


@pytest.fixture
def neighbour(console):
    """The rural commune hangs a pole beside the ward's first one, and is on air there at nine."""
    with console.ports.db() as db:
        ours, theirs = db.cluster(f"{WARD}-01"), db.cluster(f"{RURAL}-01")
        db.put_cluster(replace(theirs, lat=ours.lat + 0.0005, lon=ours.lon))
    author = console.people[f"phatthanh-{RURAL}"]
    made = bulletins.speak(console.ports, author, RURAL, nouns.about("Tin của xã"), "Xin chào bà con trong xã.")
    return sessions.plan(console.ports, author, Asked(RURAL, NINE, [made.id], [f"{RURAL}-01"],
                                                         reasons={"T-14": "Đã báo phường."}))


@pytest.fixture
def mixed(console):
    """Of the ward's six clusters two stand in what was a rural commune: 45 minutes hold there, 15 elsewhere."""
    with console.ports.db() as db:
        for number in (5, 6):
            db.put_cluster(replace(db.cluster(f"{WARD}-{number:02d}"), area_class=AreaClass.H))


def compose(page: Page, console, title: str, text: str = "Xin chào bà con.") -> None:
    page.goto(f"{console.base}/bulletins/new")
    page.get_by_label("Tên bản tin").fill(title)
    page.get_by_label("Nội dung cần đọc").fill(text)


def at(page: Page, day: str, time: str) -> None:
    page.get_by_label("Ngày", exact=True).select_option(day)
    page.get_by_label("Giờ", exact=True).fill(time)
    page.get_by_label("Giờ", exact=True).press("Tab")


def test_a_warning_is_confirmed_with_a_reason_that_stays_with_the_session(console, open_as, neighbour, picture):
    page = open_as(AUTHOR)
    compose(page, console, "Trùng giờ với xã bên")
    at(page, "2026-03-02", "9:00")
    reason = page.get_by_label("Lý do vẫn phát")
    expect(page.locator("#verdict")).to_contain_text("T-14")
    reason.fill(WHY)
    picture(page, "warning")
    page.get_by_role("button", name="Gửi duyệt").click()
    page.wait_for_url("**/sessions/*")
    expect(page.locator("#session-law")).to_contain_text(WHY)
    expect(page.locator("#session-law")).to_contain_text("Phát thanh viên Phường Hoàn Kiếm xác nhận")
    page.locator("#session-law").get_by_role("link", name="T-14").click()
    expect(page.locator("#T-14")).to_contain_text("chồng lấn")


def test_without_the_reason_the_answer_asks_for_it_and_what_was_typed_survives(console, open_as, neighbour, faults):
    made = console.bulletin("Trùng giờ")
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/bulletins/{made.id}?day=2026-03-02&time=9:00")
    reason = page.get_by_label("Lý do vẫn phát")
    page.get_by_role("button", name="Gửi duyệt", exact=True).click()
    expect(reason).to_be_focused()
    expect(reason).to_have_attribute("aria-invalid", "true")
    assert [one for one in faults if "409" in one]
    faults.clear()
    reason.fill(WHY)
    page.get_by_label("Tổ dân phố số 2").uncheck()
    expect(page.locator("#verdict")).to_contain_text("cùng 3 cụm loa khác")
    expect(reason).to_have_value(WHY)
    page.get_by_role("button", name="Gửi duyệt", exact=True).click()
    page.wait_for_url("**/sessions/*")
    expect(page.locator("#session-law")).to_contain_text(WHY)


def test_the_approver_answers_for_a_warning_that_came_up_since(console, open_as, faults, request, picture):
    session = console.planned(NINE)
    request.getfixturevalue("neighbour")
    page = open_as(APPROVER)
    page.goto(f"{console.base}/bulletins/{session.bulletins[0]}")
    expect(page.locator("#approve-answer")).to_contain_text("T-14")
    picture(page, "approve-warning")
    page.get_by_role("button", name="Duyệt bản tin này").click()
    expect(page.get_by_label("Lý do vẫn phát")).to_be_focused()
    assert [one for one in faults if "409" in one]
    faults.clear()
    page.get_by_label("Lý do vẫn phát").fill(WHY)
    page.get_by_role("button", name="Duyệt bản tin này").click()
    expect(page.locator("#bulletin-state")).to_contain_text("đã duyệt")
    kept = console.session(session.id)
    assert (kept.state, [(one.rule, one.reason, one.by) for one in kept.confirmed]) == (
        SessionState.APPROVED, [("T-14", WHY, APPROVER)])


def test_a_session_over_two_classes_is_trimmed_with_one_press(console, open_as, mixed, tmp_path, picture):
    long = sounds.write_wav(tmp_path / "dài.wav", sounds.tune(16 * 60))
    author = console.people[AUTHOR]
    made = bulletins.record(console.ports, author, WARD, nouns.about("Mười sáu phút", "local_news"), long)
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/bulletins/{made.id}?day=2026-03-02&time=9:00")
    expect(page.locator("#verdict")).to_contain_text("T-05")
    picture(page, "mixed")
    page.get_by_role("button", name="Chỉ phát ở 2 cụm đúng quy định").click()
    expect(page.locator("#verdict")).to_contain_text("Giờ này đúng quy định")
    assert page.locator("input[name=clusters]:checked").count() == 2
    page.get_by_role("button", name="Gửi duyệt", exact=True).click()
    page.wait_for_url("**/sessions/*")
    [session] = page.request.get(f"{console.base}/api/sessions").json()
    assert session["clusters"] == [f"{WARD}-05", f"{WARD}-06"]


def test_a_directive_is_recorded_with_its_scan_and_frees_a_saturday(console, open_as, picture):
    chair = open_as(APPROVER)
    chair.goto(f"{console.base}/directives")
    chair.get_by_role("link", name="Ghi văn bản mới").click()
    chair.get_by_label("Cơ quan ban hành").fill("Sở Thông tin và Truyền thông")
    chair.get_by_label("Số, ký hiệu").fill("12/CV-STTTT")
    chair.get_by_label("Ngày văn bản").fill("2026-03-01")
    chair.get_by_label("Áp dụng từ ngày").fill("2026-03-07")
    chair.get_by_label("đến hết ngày").fill("2026-03-08")
    chair.get_by_label("T-04").check()
    chair.set_input_files("#scan", {"name": "công văn 12.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 x"})
    expect(chair.locator("[data-chosen]")).to_contain_text("công văn 12.pdf")
    chair.get_by_role("button", name="Ghi văn bản").click()
    expect(chair.get_by_role("heading", level=1)).to_contain_text("12/CV-STTTT ngày 01/03/2026")
    expect(chair.get_by_role("link", name="công văn 12.pdf")).to_be_visible()
    picture(chair, "directive")
    page = open_as(AUTHOR)
    compose(page, console, "Sáng thứ bảy")
    at(page, "2026-03-07", "7:00")
    expect(page.locator("#verdict")).to_contain_text("T-04")
    title = "12/CV-STTTT ngày 01/03/2026 của Sở Thông tin và Truyền thông"
    page.get_by_label("Phát theo văn bản chỉ đạo").select_option(label=title)
    expect(page.locator("#verdict")).to_contain_text("Giờ này đúng quy định")
    page.get_by_role("button", name="Gửi duyệt").click()
    page.wait_for_url("**/sessions/*")
    page.locator("#session-law").get_by_role("link", name="12/CV-STTTT").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("12/CV-STTTT")
    expect(page.get_by_role("link", name="thứ bảy, 07/03/2026")).to_be_visible()


def test_what_the_form_says_of_a_notice_is_judged_at_once(console, open_as):
    page = open_as(AUTHOR)
    compose(page, console, "Tiêm chủng")
    day = page.get_by_label("Ngày diễn ra")
    expect(day).to_be_hidden()
    page.get_by_label("Lĩnh vực").select_option("notice")
    expect(page.locator("#verdict")).to_contain_text("phải ghi ngày diễn ra")
    day.fill("2026-03-09")
    day.press("Tab")
    expect(page.locator("#verdict")).to_contain_text("Giờ này đúng quy định")
    page.get_by_role("button", name="Chỉ lưu bản nháp").click()
    expect(page.locator("header.head")).to_contain_text("ngày 09/03/2026")
    page.get_by_text("Sửa thông tin").click()
    page.get_by_label("Tên bản tin").fill("Tiêm chủng mở rộng")
    page.get_by_role("button", name="Lưu thông tin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tiêm chủng mở rộng")


def test_a_refusal_cites_the_charter_and_offers_its_hours_as_buttons(console, open_as):
    hours = (Slot("morning", 375, 405), Slot("afternoon", 1035, 1065))
    with console.ports.db() as db:
        db.put_charter(StationCharter(WARD, date(2026, 3, 1), hours))
    page = open_as(AUTHOR)
    compose(page, console, "Ngoài giờ của đài")
    at(page, "2026-03-02", "9:00")
    expect(page.locator("#verdict")).to_contain_text("Quy chế của đài chỉ cho phát trong 06:15–06:45, 17:15–17:45")
    page.get_by_role("button", name="17:15 thứ hai, 02/03/2026").click()
    expect(page.locator("#verdict")).to_contain_text("Giờ này đúng quy định")


def test_the_chair_issues_a_charter_and_mends_what_is_wider_than_the_law(console, open_as, faults, picture):
    page = open_as(APPROVER)
    page.goto(console.base)
    page.get_by_role("link", name="Quy định").click()
    page.get_by_role("link", name="Quy chế đài").click()
    expect(page.get_by_text("Đài chưa ấn định khung giờ")).to_be_visible()
    page.get_by_text("Ban hành quy chế mới").click()
    row = page.get_by_role("group", name="Khung giờ 1")
    for label, value in (("từ", "6h"), ("đến", "6h30"), ("dài nhất (phút)", "20")):
        row.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Áp dụng từ ngày").fill("2026-03-02")
    page.get_by_role("button", name="Ban hành", exact=True).click()
    expect(page.locator("#charter-answer")).to_contain_text("nhiều nhất 15 phút")
    assert [one for one in faults if "422" in one]
    faults.clear()
    row.get_by_label("dài nhất (phút)").fill("10")
    page.get_by_role("button", name="Ban hành", exact=True).click()
    expect(page.locator("main .sheet").first).to_contain_text("06:00–06:30")
    picture(page, "charter-issued")


def test_the_rulebook_marks_what_nobody_has_verified(console, open_as):
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/law#T-15")
    expect(page.locator("#T-15")).to_contain_text("chưa kiểm chứng")
    expect(page.locator("#T-04")).not_to_contain_text("chưa kiểm chứng")
    page.get_by_role("link", name="Bộ 5133").click()
    expect(page.locator("#T-01")).to_contain_text("Chỉ phát nội dung thông báo các trường hợp khẩn cấp")


def test_a_poles_refusal_tells_its_rule_in_words(console, open_as):
    session = console.ordered(MONDAY + timedelta(minutes=10))
    pole = console.poles()[0]
    console.told(pole, 1, messages.REFUSED, session, rule="T-15")
    console.clock.at = session.end_at + timedelta(seconds=2)
    on_air.catch_up(console.ports)
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/sessions/{session.id}")
    expect(page.locator(f"#state-{pole}")).to_contain_text("Từ 21:00 đến 05:00 loa im lặng")
    page.locator(f"#state-{pole}").get_by_role("link", name="T-15").click()
    expect(page.locator("#T-15")).to_be_in_viewport()


def test_a_cluster_is_set_aside_with_a_reason_and_everybody_sees_it(console, open_as):
    watcher, staff = open_as(AUTHOR), open_as("canbo")
    watcher.goto(f"{console.base}/poles")
    staff.goto(f"{console.base}/poles")
    staff.get_by_role("link", name="Tạm dừng Tổ dân phố số 2").click()
    staff.get_by_label("Lý do").fill("Sát cổng trường học.")
    staff.get_by_role("button", name="Tạm dừng cụm loa này").click()
    expect(staff.locator("#poles-count")).to_contain_text("1 cụm tạm dừng")
    expect(watcher.locator(f"#state-{WARD}-02")).to_contain_text("tạm dừng")
    expect(watcher.locator("#poles-count")).to_contain_text("0/5")
    assert watcher.locator(".pin[title*='số 2']").get_attribute("title").endswith("tạm dừng")
    staff.get_by_role("link", name="Cho phát lại Tổ dân phố số 2").click()
    staff.get_by_label("Lý do").fill("Đã quay loa sang hướng khác.")
    staff.get_by_role("button", name="Cho phát lại").click()
    expect(watcher.locator("#poles-count")).to_contain_text("0/6")
