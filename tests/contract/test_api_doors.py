"""Log-in, log-out, and what a browser is told about every answer."""

import re

import pytest

from headend.services import logins
from headend.web.shield import MOST_BODY
from headend.web.site import DemoInfo
from tests.support import console as console_
from tests.support.console import AUTHOR, PASSWORD

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    folder = tmp_path_factory.mktemp("doors")
    with console_.served(console_.build(folder)) as console:
        yield console


@pytest.fixture
def stranger(console):
    with console.client() as client:
        yield client


def hidden(page, name):
    """The value of a hidden field."""
    return re.search(rf'name="{name}" value="([^"]*)"', page.text)[1]


def test_the_cookie_is_kept_from_scripts_and_other_sites(stranger):
    told = stranger.post("/api/login", json={"username": AUTHOR, "password": PASSWORD})
    cookie = told.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    assert told.json()["person"]["role_title"] == "Phát thanh viên"


def test_behind_https_the_cookie_is_secure(console):
    with console.client() as client:
        client.headers["X-Forwarded-Proto"] = "https"  # uvicorn believes a proxy on this machine
        told = client.post("/api/login", json={"username": AUTHOR, "password": PASSWORD})
    assert "Secure" in told.headers["set-cookie"]


def test_the_form_logs_in_and_leads_to_the_page_that_was_wanted(stranger):
    page = stranger.get("/login", params={"next": "/law"})
    told = stranger.post("/login", data={"username": AUTHOR, "password": PASSWORD, "next": hidden(page, "next"),
                                         "form_token": hidden(page, "form_token")})
    assert (told.status_code, told.headers["location"]) == (303, "/law")
    assert stranger.get("/law").status_code == 200


@pytest.mark.parametrize("wanted", ["https://example.org/", "//example.org", "/\\example.org", "javascript:alert(1)"])
def test_a_log_in_never_leads_to_another_site(stranger, wanted):
    page = stranger.get("/login", params={"next": wanted})
    told = stranger.post("/login", data={"username": AUTHOR, "password": PASSWORD, "next": wanted,
                                         "form_token": hidden(page, "form_token")})
    assert (hidden(page, "next"), told.headers["location"]) == ("/", "/")


def test_the_form_must_come_from_a_page_of_ours(stranger):
    given = {"username": AUTHOR, "password": PASSWORD}
    assert stranger.post("/login", data=given).status_code == 403
    stranger.get("/login")
    assert stranger.post("/login", data={**given, "form_token": "made-up"}).status_code == 403


def test_the_api_logs_in_by_json_only(stranger):
    told = stranger.post("/api/login", content=f'{{"username": "{AUTHOR}", "password": "{PASSWORD}"}}',
                         headers={"Content-Type": "text/plain"})
    assert told.status_code == 422 and "set-cookie" not in told.headers


def test_a_guesser_waits(stranger):
    told = [stranger.post("/api/login", json={"username": "kythuat", "password": "sai"}) for _ in range(6)]
    assert [one.status_code for one in told] == [422] * logins.MOST_PER_ACCOUNT + [429]
    assert told[0].json() == {"message": "Tên đăng nhập hoặc mật khẩu không đúng.", "field": "password"}


def test_after_log_out_the_cookie_opens_nothing(author):
    token = author.cookies["loa_login"]
    assert author.post("/api/logout").status_code == 204 and "loa_login" not in author.cookies
    author.cookies.set("loa_login", token, domain="127.0.0.1")
    assert author.get("/api/me").status_code == 401


def test_the_button_logs_out_too(author):
    told = author.post("/logout", data={"csrf": author.headers.pop("X-CSRF-Token")})
    assert (told.status_code, told.headers["location"]) == (303, "/login")
    assert author.get("/api/me").status_code == 401


@pytest.mark.parametrize("path", ["/", "/login", "/law", "/bulletins/new", "/nothing", "/api/me", "/static/0/app.css",
                                  "/media/" + "0" * 64])
def test_every_answer_forbids_what_is_not_ours(author, path):
    headers = author.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy and "form-action 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_pages_hold_no_inline_code_or_style(author):
    for path in ("/", "/login", "/law", "/bulletins", "/bulletins/new", "/poles"):
        page = author.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page), path


def test_pages_are_not_kept_and_files_are_kept_for_ever(author):
    page = author.get("/law")
    assert page.headers["cache-control"] == "no-store"
    file = re.search(r'href="(/static/[^"]+/app\.css)"', page.text)[1]
    assert "immutable" in author.get(file).headers["cache-control"]
    packed = author.get(file, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip" and ":root" in packed.text


def test_a_body_that_is_too_long_is_refused(author):
    long = "a" * (MOST_BODY + 1)
    assert author.post("/bulletins/foresee", data={"text": long}).status_code == 413
    told = author.post("/api/bulletins", json={"title": "a", "field": "notice", "text": long})
    assert (told.status_code, set(told.json())) == (413, {"message", "field"})


def test_a_fault_is_told_without_its_innards(console, author, caplog):
    made = console.bulletin(text="Xin chào.")
    console.ports.sound.recording(made.sha256).unlink()
    told = author.get(f"/bulletins/{made.id}")
    assert told.status_code == 500 and "Traceback" not in told.text and made.sha256 not in told.text
    assert "default-src 'none'" in told.headers["content-security-policy"]


def test_only_a_demonstration_offers_its_accounts(tmp_path):
    with console_.served(console_.build(tmp_path, DemoInfo(3_600_000))) as demo, demo.client() as client:
        page = client.get("/login").text
        assert page.count(PASSWORD) == 8 and "không phải giờ thật" in page
        with client.stream("GET", "/live/start") as answer:
            assert answer.status_code == 200


def test_without_a_demonstration_nothing_is_told_to_strangers(stranger):
    page = stranger.get("/login").text
    assert "Bản trình diễn" not in page and AUTHOR not in page
    assert stranger.get("/live/start").status_code == 404
