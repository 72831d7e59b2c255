"""The approver presses, poles turn, and what they sounded stands beside what they should have sounded."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from headend.domain.session import SessionState
from headend.services import bulletins, on_air
from headend.web.live import RETRY_MS
from protocol import messages
from protocol.messages import RATE
from tests.browser.conftest import DESK, PHONE
from tests.support import console as console_
from tests.support import nouns, sounds
from tests.support.console import APPROVER, AUTHOR, MONDAY
from tests.support.waiting import wait_until

START = MONDAY + timedelta(minutes=10)


@pytest.fixture
def poles(console):
    found = console.poles()
    for pole in found:
        console.online(pole, plan_version=1, runtime="micropython 1.25.0", firmware="0.1.0")
    return found


def test_a_second_person_approves_and_the_first_sees_it_happen(console, open_as, picture):
    session = console.planned(START, "Thông báo cắt điện")
    author, approver = open_as(AUTHOR), open_as(APPROVER)
    author.goto(f"{console.base}/sessions/{session.id}")
    approver.goto(console.base)
    picture(approver, "today-approver")
    approver.get_by_role("link", name="Nghe và duyệt").click()
    picture(approver, "approve")
    approver.get_by_role("button", name="Duyệt bản tin này").click()
    expect(approver.locator("#bulletin-state")).to_contain_text("đã duyệt")
    expect(author.locator("#session-state")).to_contain_text("đã duyệt, đang chuẩn bị")
    on_air.catch_up(console.ports)
    expect(author.locator("#session-state")).to_contain_text("đã gửi lệnh")


def test_an_author_who_approves_is_told_the_law_beside_the_button(console, open_as, faults):
    session = console.planned(START)
    with console.ports.db() as db:
        found = db.bulletin(session.bulletins[0])
        db.put_bulletin(type(found)(**{**vars(found), "author": APPROVER}))
    page = open_as(APPROVER)
    page.goto(f"{console.base}/bulletins/{session.bulletins[0]}")
    page.get_by_role("button", name="Duyệt bản tin này").click()
    expect(page.locator("#approve-answer")).to_contain_text("C-06")
    expect(page.locator("#approve-answer")).to_contain_text("phải có người khác duyệt")
    assert [one for one in faults if "409" in one]
    faults.clear()


def test_sent_back_with_a_reason_it_is_mended_and_approved_for_the_same_session(console, open_as, picture):
    session = console.planned(START, "Sai ngày")
    page = open_as(APPROVER)
    page.goto(f"{console.base}/bulletins/{session.bulletins[0]}")
    page.get_by_text("Trả lại để sửa").click()
    page.get_by_label("Cần sửa gì?").fill("Ngày tiêm là chủ nhật, không phải thứ bảy.")
    page.get_by_role("button", name="Trả lại", exact=True).click()
    expect(page.locator("#bulletin-state")).to_contain_text("Ngày tiêm là chủ nhật")
    author = open_as(AUTHOR)
    author.goto(console.base)
    author.get_by_role("link", name="Xem lại bản tin bị trả").click()
    expect(author.get_by_role("heading", level=1)).to_have_text("Sai ngày")
    expect(author.locator("#bulletin-state")).to_contain_text("Ngày tiêm là chủ nhật")
    words = author.get_by_label("Nội dung cần đọc")
    words.fill(words.input_value().replace("thứ bảy", "chủ nhật"))
    picture(author, "sent-back")
    author.get_by_role("button", name="Đọc lại bằng nội dung này").click()
    expect(author.locator(".spoken")).to_contain_text("Sáng chủ nhật tuần này")
    author.get_by_role("button", name="Gửi duyệt", exact=True).click()
    expect(author.locator("#bulletin-state")).to_contain_text("chờ duyệt")
    page.goto(f"{console.base}/bulletins/{session.bulletins[0]}")
    page.get_by_role("button", name="Duyệt bản tin này").click()
    expect(page.locator("#bulletin-state")).to_contain_text("đã duyệt")
    assert console.session(session.id).state == SessionState.APPROVED


def test_a_recording_that_was_sent_back_is_replaced_on_its_page(console, open_as, tmp_path, faults, picture):
    author = console.people[AUTHOR]
    first = sounds.write_wav(tmp_path / "thu.wav", sounds.tune(4))
    made = bulletins.record(console.ports, author, author.unit, nouns.about("Thu ở nhà văn hóa", "local_news"), first)
    bulletins.submit(console.ports, author, made.id)
    bulletins.send_back(console.ports, console.people[APPROVER], made.id, "Đoạn cuối bị vỡ tiếng.")
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/bulletins/{made.id}")
    page.set_input_files("#file", {"name": "thơ.txt", "mimeType": "text/plain", "buffer": "không".encode() * 99})
    expect(page.locator("[data-chosen]")).to_contain_text("thơ.txt")
    picture(page, "replace-recording")
    page.get_by_role("button", name="Dùng bản thu này").click()
    expect(page.locator("#mend-answer")).to_contain_text("không phải tệp âm thanh")
    faults[:] = [one for one in faults if "422" not in one and "htmx:" not in one]
    page.set_input_files("#file", str(sounds.write_wav(tmp_path / "lai.wav", sounds.tune(20))))
    page.get_by_role("button", name="Dùng bản thu này").click()
    expect(page.locator(".facts")).to_contain_text("20 giây")


def test_poles_turn_while_one_looks_and_then_can_be_heard(console, open_as, poles, picture):
    session = console.ordered(START, "Lịch tiêm chủng và thu gom rác")
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/sessions/{session.id}")
    cell = page.locator(f"#state-{poles[0]}")
    expect(cell).to_contain_text("đã gửi lệnh")
    expect(page.locator(".pin")).to_have_count(len(poles))
    console.told(poles[0], 1, messages.RECEIVED, session, version=1)
    expect(cell).to_contain_text("đã nhận")
    console.told(poles[0], 2, messages.READY, session)
    expect(cell).to_contain_text("đã nhận đủ tiếng")
    begin_us = int(session.start_at.timestamp()) * 1_000_000
    console.clock.at = session.start_at + timedelta(seconds=1)
    on_air.catch_up(console.ports)
    for number, pole in enumerate(poles[:5]):
        console.told(pole, 3, messages.STARTED, session, first_at_us=begin_us + 700 * number, skipped_frames=0)
    expect(cell).to_contain_text("đang phát")
    expect(page.locator("#session-said")).to_contain_text("5 cụm đã lên tiếng")
    expect(page.locator(f"#start-{poles[4]}")).to_contain_text("+2,8 ms")
    assert page.locator(".pin").first.get_attribute("title").endswith("đang phát")
    picture(page, "session-on-air")
    for pole in poles[:5]:
        console.sounded(pole, session)
        console.told(pole, 4, messages.FINISHED, session, frames=session.programme.frames, underruns=0)
    console.told(poles[5], 3, messages.MISSED, session, why="no_audio")
    console.clock.at = session.end_at + timedelta(seconds=2)
    on_air.catch_up(console.ports)
    expect(page.locator("#session-state")).to_contain_text("đã xong")
    expect(page.locator(".wave.pole")).to_have_count(5)
    expect(page.locator(f"#sound-{poles[5]}")).to_have_text("không có bản thu")
    expect(page.locator(f"#state-{poles[5]}")).to_contain_text("chưa tải đủ tiếng")
    picture(page, "session")
    page.get_by_role("link", name=f"Nghe cụm loa {poles[0]}").click()
    head = page.locator(f"#sound-{poles[0]} .head")
    wait_until(lambda: float(head.get_attribute("x1")) > 10, "the sound to go on")
    whole = page.evaluate("""async (url) => (await (await fetch(url)).arrayBuffer()).byteLength""",
                          f"/api/sessions/{session.id}/poles/{poles[0]}/heard.wav")
    assert whole > session.duration_ms * RATE // 1000 * 2


def test_the_pins_stay_on_their_map_when_the_screen_is_turned(console, open_as, poles):
    session = console.ordered(START)
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/sessions/{session.id}")
    expect(page.locator(".pin")).to_have_count(len(poles))
    for viewport in (PHONE, DESK):
        page.set_viewport_size(viewport)
        assert page.evaluate("document.querySelector('.leaflet-map-pane').offsetParent.matches('.map')"), viewport


def test_a_page_comes_back_by_itself_after_the_server_did(console, open_as, poles, faults):
    session = console.ordered(START)
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/sessions/{session.id}")
    expect(page.locator(f"#state-{poles[0]}")).to_contain_text("đã gửi lệnh")
    with console_.stopped(console):
        expect(page.locator("#line")).to_contain_text("Mất kết nối với máy chủ")
        console.told(poles[0], 1, messages.RECEIVED, session, version=1)
    expect(page.locator("#line")).to_contain_text("Đã nối lại với máy chủ", timeout=10 * RETRY_MS)
    expect(page.locator(f"#state-{poles[0]}")).to_contain_text("đã nhận")
    faults[:] = [one for one in faults if "ERR_CONNECTION_REFUSED" not in one and "ERR_INCOMPLETE" not in one]


def test_withdrawing_takes_the_button_away(console, open_as):
    session = console.ordered(START)
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/sessions/{session.id}")
    page.get_by_text("Hủy buổi phát", exact=True).click()
    page.get_by_role("button", name="Hủy buổi phát này").click()
    expect(page.locator("#session-state")).to_contain_text("đã hủy")
    expect(page.get_by_role("button", name="Hủy buổi phát này")).to_have_count(0)


def test_what_did_not_sound_yesterday_is_two_presses_away(console, open_as, poles):
    session = console.ordered(START)
    console.clock.at = session.end_at + timedelta(days=1)
    on_air.catch_up(console.ports)
    console.told(poles[2], 1, messages.MISSED, session, why="no_clock")
    page = open_as(AUTHOR)
    page.goto(console.base)
    page.get_by_role("link", name="Ngày trước").click()
    page.get_by_role("link", name="Tiêm chủng").first.click()
    expect(page.locator(f"#state-{poles[2]}")).to_contain_text("chưa có giờ chuẩn")
