"""The broadcaster's way: from log-in to a bulletin that waits for approval, with hand or with keyboard alone."""

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.support import sounds
from tests.support.console import AUTHOR, MONDAY, TEXT
from tests.support.waiting import wait_until


def sessions_of(page: Page, base: str) -> list[dict]:
    return page.request.get(f"{base}/api/sessions").json()


def test_from_log_in_to_a_typed_bulletin_in_at_most_twelve_actions(console, open_as, picture):
    page = open_as()
    actions = 0

    def act(does) -> None:
        nonlocal actions
        does()
        actions += 1

    page.goto(console.base)
    picture(page, "login")
    act(lambda: page.get_by_role("button", name="Vào xem như Phát thanh viên Phường Hoàn Kiếm").click())
    act(lambda: page.get_by_role("link", name="Soạn bản tin mới").click())
    act(lambda: page.get_by_label("Tên bản tin").fill("Lịch tiêm chủng ở Trạm Y tế, thứ Bảy"))
    act(lambda: page.get_by_label("Nội dung cần đọc").fill(TEXT))
    picture(page, "compose")
    act(lambda: page.get_by_role("button", name="Gửi duyệt").click())
    page.wait_for_url("**/sessions/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lịch tiêm chủng ở Trạm Y tế, thứ Bảy")
    expect(page.locator("#session-state")).to_contain_text("chờ duyệt")
    assert actions <= 12
    bulletin = page.request.get(f"{console.base}/api/bulletins").json()[0]
    assert (bulletin["state"], bulletin["text"]) == ("submitted", TEXT)


def test_the_keyboard_alone_is_enough(console, open_as):
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/bulletins/new")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Đến nội dung chính")).to_be_focused()
    page.keyboard.press("Enter")
    for keys in ("Bằng bàn phím", None, None, None, "Xin chào bà con."):
        page.keyboard.press("Tab")
        if keys:
            page.keyboard.insert_text(keys)
    expect(page.get_by_label("Nội dung cần đọc")).to_have_value("Xin chào bà con.")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == "Gửi duyệt":
            break
    expect(page.get_by_role("button", name="Gửi duyệt")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/sessions/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bằng bàn phím")


def test_a_refusal_appears_where_it_arises_and_a_slot_mends_it(console, open_as, picture, faults):
    console.planned(MONDAY + timedelta(hours=2))
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/bulletins/new")
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("Giờ này đúng quy định")
    page.get_by_label("Ngày", exact=True).select_option("2026-03-02")
    page.get_by_label("Giờ", exact=True).fill("9h15")
    page.get_by_label("Giờ", exact=True).press("Tab")
    expect(verdict).to_contain_text("T-03")
    expect(verdict).to_contain_text("Tối đa hai buổi sáng - chiều/ngày")
    picture(page, "refusal")
    page.get_by_role("button", name="17:00 thứ hai, 02/03/2026").click()
    expect(verdict).to_contain_text("Giờ này đúng quy định")
    expect(page.get_by_label("Giờ", exact=True)).to_have_value("17:00")
    expect(page.get_by_label("Giờ", exact=True)).to_be_focused()


def test_a_bulletin_survives_the_refusal_of_its_time(console, open_as, faults):
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/bulletins/new")
    page.get_by_label("Tên bản tin").fill("Không mất")
    page.get_by_label("Nội dung cần đọc").fill("Xin chào bà con.")
    page.get_by_label("Ngày", exact=True).select_option("2026-03-07")
    expect(page.locator("#verdict")).to_contain_text("T-04")
    page.get_by_role("button", name="Gửi duyệt").click()
    page.wait_for_url(re.compile(r"/bulletins/[^/?]+\?"))
    expect(page.locator("#verdict")).to_contain_text("thứ bảy")
    page.locator("[data-slot]").first.click()
    expect(page.locator("#verdict")).to_contain_text("Giờ này đúng quy định")
    page.get_by_role("button", name="Gửi duyệt").click()
    page.wait_for_url("**/sessions/*")
    assert [one["state"] for one in sessions_of(page, console.base)] == ["planned"]
    assert len(page.request.get(f"{console.base}/api/bulletins").json()) == 1


def test_a_recording_is_chosen_measured_sent_and_heard(console, open_as, tmp_path, picture):
    file = sounds.write_wav(tmp_path / "thu.wav", sounds.tune(4))
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/bulletins/new")
    page.get_by_label("Tên bản tin").fill("Bản thu ở nhà văn hóa")
    page.get_by_label("Tải tệp âm thanh").check()
    page.set_input_files("#file", {"name": "Thông báo.wav", "mimeType": "audio/wav", "buffer": file.read_bytes()})
    expect(page.locator("[data-chosen]")).to_contain_text("Thông báo.wav (129 kB)")
    expect(page.locator("#verdict")).to_contain_text("ước chừng")
    picture(page, "compose-file")
    page.get_by_role("button", name="Chỉ lưu bản nháp").click()
    page.wait_for_url(re.compile(r"/bulletins/id\d+$"))
    expect(page.locator(".facts")).to_contain_text("LUFS")
    page.get_by_role("link", name="Nghe bản tin").click()
    expect(page.get_by_role("button", name="Nghe bản tin")).to_have_attribute("aria-pressed", "true")
    wait_until(lambda: float(page.locator(".player .head").get_attribute("x1")) > 20, "the sound to go on")
    picture(page, "bulletin")


def test_a_wrong_field_is_marked_and_nothing_typed_is_lost(console, open_as, faults):
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/bulletins/new")
    page.get_by_label("Tên bản tin").fill("Chưa có chữ")
    page.get_by_role("button", name="Gửi duyệt").click()
    expect(page.locator("#answer")).to_contain_text("Hãy gõ nội dung cần đọc.")
    expect(page.get_by_label("Nội dung cần đọc")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Nội dung cần đọc")).to_be_focused()
    expect(page.get_by_label("Tên bản tin")).to_have_value("Chưa có chữ")
    expected(faults, "422")


def test_a_lost_line_loses_nothing_typed(console, open_as, faults):
    page = open_as(AUTHOR)
    page.goto(f"{console.base}/bulletins/new")
    page.get_by_label("Tên bản tin").fill("Mất mạng")
    page.get_by_label("Nội dung cần đọc").fill("Xin chào bà con.")
    expect(page.locator("#verdict")).to_contain_text("đúng quy định")
    page.context.set_offline(True)
    page.get_by_role("button", name="Gửi duyệt").click()
    expect(page.locator("#answer")).to_contain_text("Những gì đã nhập vẫn còn nguyên")
    page.context.set_offline(False)
    page.get_by_role("button", name="Gửi duyệt").click()
    page.wait_for_url("**/sessions/*")
    expected(faults, "ERR_INTERNET_DISCONNECTED", "htmx:")


def test_without_scripts_the_forms_work_all_the_same(browser, console):
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(console.base)
    page.get_by_role("button", name="Vào xem như Phát thanh viên Phường Hoàn Kiếm").click()
    page.goto(f"{console.base}/bulletins/new")
    page.get_by_label("Tên bản tin").fill("Không cần mã")
    page.get_by_label("Nội dung cần đọc").fill("Xin chào bà con.")
    page.get_by_role("button", name="Gửi duyệt").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Không cần mã")
    expect(page.locator("#session-state")).to_contain_text("chờ duyệt")
    context.close()


def expected(faults: list[str], *words: str) -> None:
    """Take out what the browser says about an answer or a line that the test itself broke."""
    assert any(words[0] in one for one in faults)
    faults[:] = [one for one in faults if not any(word in one for word in words)]
