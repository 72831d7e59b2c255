"""An upload goes to disk in pieces and is gone afterwards, whatever happened to it."""

import socket
from urllib.parse import urlsplit

import pytest

from headend.web import uploads
from headend.web.shield import MOST_BODY
from tests.support import console as console_
from tests.support import sounds
from tests.support.waiting import wait_until

WORDS = {"title": "Bản thu", "field": "local_news"}
MIB = 1 << 20


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uploads")
    with console_.served(console_.build(folder)) as console:
        yield console


@pytest.fixture
def folder(console):
    """Where uploads are while they are worked on; empty before and after each test."""
    place = console.app.state.site.uploads
    assert list(place.iterdir()) == []
    yield place
    wait_until(lambda: list(place.iterdir()) == [], "the upload to be gone")


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    file = tmp_path_factory.mktemp("sound") / "thu.wav"
    sounds.write_wav(file, sounds.tune(3))
    return file.read_bytes()


def test_a_recording_becomes_a_bulletin(author, folder, recording):
    told = author.post("/api/bulletins", data=WORDS, files={"file": ("thu âm.wav", recording, "audio/wav")})
    assert told.status_code == 201, told.text
    assert (told.json()["text"], told.json()["duration_ms"]) == ("", 3000)
    assert -17 < told.json()["loudness_lufs"] < -15


def test_a_recording_takes_the_place_of_another_and_nothing_is_left_of_a_bad_one(author, folder, tmp_path, recording):
    made = author.post("/api/bulletins", data=WORDS, files={"file": ("thu.wav", recording, "audio/wav")}).json()
    longer = sounds.write_wav(tmp_path / "dài.wav", sounds.tune(20)).read_bytes()
    assert len(longer) > MOST_BODY
    place, token = f"/bulletins/{made['id']}/sound", author.headers["X-CSRF-Token"]
    told = author.post(place, data={"csrf": token}, files={"file": ("dài.wav", longer, "audio/wav")})
    assert told.status_code == 303 and told.headers["location"] == f"/bulletins/{made['id']}"
    mended = author.get(f"/api/bulletins/{made['id']}").json()
    assert (mended["duration_ms"], mended["state"]) == (20_000, "draft")
    told = author.post(place, data={"csrf": token}, files={"file": ("thơ.txt", "Không phải tiếng.".encode() * 99)})
    assert told.status_code == 422
    assert author.post(place, data={"csrf": token}, files={"none": ("", b"")}).status_code == 422
    assert author.get(f"/api/bulletins/{made['id']}").json() == mended
    again = author.post(f"/api{place}", files={"file": ("thu.wav", recording, "audio/wav")}).json()
    assert (again["duration_ms"], again["sha256"]) == (3000, made["sha256"])


def test_the_form_of_the_page_takes_it_too(author, folder, recording):
    token = author.headers.pop("X-CSRF-Token")
    told = author.post("/bulletins", data={"csrf": token, "commune": console_.WARD, "sound": "file", **WORDS},
                       files={"file": ("thu.wav", recording, "text/html")})
    assert told.status_code == 303 and told.headers["location"].startswith("/bulletins/")


@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"\x00" * 5000, b"RIFF\xff\xff\xff\xffWAVE"])
def test_what_is_no_sound_is_refused_with_a_sentence(author, folder, content):
    told = author.post("/api/bulletins", data=WORDS, files={"file": ("thu.mp3", content, "audio/mpeg")})
    assert (told.status_code, told.json()["field"]) == (422, "file") and len(told.json()["message"]) > 10


def test_no_file_and_an_empty_file_are_refused(author, folder):
    for files in ({"other": ("", b"")}, {"file": ("thu.wav", b"")}):
        told = author.post("/api/bulletins", data=WORDS, files=files)
        assert (told.status_code, told.json()["field"]) == (422, "file")


def test_two_files_are_one_too_many(author, folder, recording):
    told = author.post("/api/bulletins", data=WORDS,
                       files=[("file", ("a.wav", recording)), ("file", ("b.wav", recording))])
    assert told.status_code == 422 and "một tệp" in told.json()["message"]


def test_a_file_that_comes_before_the_token_is_not_written(author, folder, recording):
    token = author.headers.pop("X-CSRF-Token")
    boundary = "x" * 20
    body = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'.encode()
            + recording + f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n'
            f"{token}\r\n--{boundary}--\r\n".encode())
    told = author.post("/api/bulletins", content=body,
                       headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
    assert told.status_code == 403


def test_a_body_that_breaks_off_is_not_taken_for_a_whole_one(author, folder, recording):
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + recording
    told = author.post("/api/bulletins", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert told.status_code == 422 and "đứt" in told.json()["message"]


def test_a_lost_line_leaves_nothing_behind(console, author, folder):
    head = (f"POST /api/bulletins HTTP/1.1\r\nHost: {urlsplit(console.base).netloc}\r\n"
            f"Cookie: loa_login={author.cookies['loa_login']}\r\nX-CSRF-Token: {author.headers['X-CSRF-Token']}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
            '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n')
    with socket.create_connection(("127.0.0.1", urlsplit(console.base).port)) as line:
        line.sendall(head.encode() + b"\x00" * MIB)
        wait_until(lambda: list(folder.iterdir()), "the upload to arrive")


def test_a_file_over_the_limit_is_refused_while_it_comes(author, folder, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_FILE", MIB)
    told = author.post("/api/bulletins", data=WORDS, files={"file": ("thu.wav", b"\x00" * (MIB + 1))})
    assert (told.status_code, told.json()["message"]) == (422, uploads.TOO_LARGE)


def test_endless_small_parts_are_refused(author, folder):
    parts = b"".join(b'--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n\r\n' for _ in range(10_000))
    told = author.post("/api/bulletins", content=parts, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert told.status_code == 422


@pytest.mark.slow
def test_two_hundred_megabytes_do_not_pass_through_memory(author, folder):
    """RSS of this process, which holds both ends, must not grow by more than a few pieces."""

    def body():
        for name, value in WORDS.items():
            yield f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        for _ in range(200):
            grown.append(resident_bytes())
            yield bytes(MIB)
        yield b"\r\n--b--\r\n"

    grown: list[int] = []
    told = author.post("/api/bulletins", content=body(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert told.status_code == 422 and told.json()["field"] == "file"  # 200 MB of nothing is no sound
    assert max(grown) - grown[0] < 30 * MIB


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def test_what_a_killed_process_left_is_swept_at_the_start(tmp_path):
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / f"{uploads.PREFIX}abc").write_bytes(b"old")
    console_.build(tmp_path).database.close()
    assert list((tmp_path / "uploads").iterdir()) == []
