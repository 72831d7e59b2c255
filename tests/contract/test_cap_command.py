"""`loa cap check`: what it says, and that it changes nothing."""

import json

import pytest

from headend import cli
from headend.adapters.db import Database
from headend.domain.areas import AreaClass, Cluster, Commune
from tests.support import caps

AT = ["--at", "2026-03-02T06:00:00+07:00"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The data folder of a head-end with one cluster in the flood's polygon, one in its commune, one elsewhere."""
    monkeypatch.delenv("LOA_DATABASE", raising=False)
    folder = tmp_path / "data"
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'loa.db'}")
    database.migrate()
    with database.transaction() as db:
        db.put_communes([Commune("00070", "Phường Hoàn Kiếm", "phường", 21.03, 105.85),
                         Commune("00577", "Xã Bát Tràng", "xã", 20.98, 105.9)])
        for name, commune, lat, suspended in (("a", "00070", 21.03, False), ("b", "00577", 20.98, False),
                                              ("c", "00070", 21.30, False), ("d", "00577", 20.98, True)):
            db.put_cluster(Cluster(name, commune, f"Cụm {name}", AreaClass.Q, lat, 105.85, suspended=suspended))
    database.close()
    caps.keep(folder / "cap-senders", caps.certificate())
    return folder


@pytest.fixture
def check(tmp_path, capsys):
    """Runs the command over these bytes; (exit code, what it printed as JSON)."""

    def run(raw, *arguments):
        file = tmp_path / "message.xml"
        file.write_bytes(raw)
        code = cli.main(["cap", "check", str(file), "--json", *AT, *map(str, arguments)])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_a_signed_warning_is_told_whole(check, data):
    code, told = check(caps.sign(caps.raw()), "--data", data)
    assert code == 0
    assert (told["becomes"], told["signed_by"], told["why_nothing"]) == ("emergency", caps.SENDER, None)
    assert told["reach"] == {"communes": ["00070", "00577"], "clusters": ["a", "b"], "suspended": ["d"], "unplaced": []}
    assert told["needs_person"] == []
    assert told["speech"].startswith("Ban chỉ huy phòng thủ dân sự thành phố thông báo: Lũ quét trên sông Bùi.")
    assert [(one["language"], one["spoken"]) for one in told["infos"]] == [("en-US", False), ("vi-VN", True)]


def test_an_unsigned_one_needs_a_person(check, data):
    code, told = check(caps.raw(), "--data", data)
    assert (code, told["signed_by"], told["needs_person"]) == (0, None, ["Tin không có chữ ký."])


def test_without_a_data_folder_nobody_is_trusted_and_the_reach_is_left_open(check):
    code, told = check(caps.raw())
    assert (code, told["becomes"], told["reach"], told["needs_person"]) == (0, "emergency", None, None)
    code, told = check(caps.sign(caps.raw()))
    assert (code, "no certificate of 'pctt@hanoi.example' is trusted" in told["error"]) == (1, True)


def test_certificates_may_lie_elsewhere(check, data):
    code, told = check(caps.sign(caps.raw()), "--senders", data / "cap-senders")
    assert (code, told["signed_by"]) == (0, caps.SENDER)


@pytest.mark.parametrize(
    ("status", "at", "kind", "code"),
    [
        (b"Actual", "09:29:59", "emergency", 0),
        (b"Actual", "09:30:00", "nothing", 1),
        (b"Exercise", "09:00:00", "drill", 0),
        (b"Test", "09:00:00", "nothing", 1),
    ],
)
def test_the_exit_code_says_whether_anything_becomes_of_it(check, status, at, kind, code):
    given, told = check(caps.raw().replace(b"Actual", status), "--at", f"2026-03-02T{at}+07:00")
    assert (given, told["becomes"], bool(told["why_nothing"])) == (code, kind, code == 1)


def test_a_wrong_signature_is_a_refusal(check, data):
    code, told = check(caps.sign(caps.raw()).replace(b"00577", b"00070"), "--data", data)
    assert (code, list(told)) == (1, ["error"])
    assert "changed after it was signed" in told["error"]


@pytest.mark.parametrize("raw", [b"", b"<alert/>", b"<!DOCTYPE a>" + caps.raw()[39:]])
def test_what_is_no_message_is_bad_input(check, raw):
    code, told = check(raw)
    assert (code, list(told)) == (2, ["error"])


def test_a_wrong_folder_or_instant_is_bad_input_and_nothing_is_made(check, tmp_path):
    code, told = check(caps.raw(), "--data", tmp_path / "nowhere")
    assert (code, told["error"]) == (2, f"{tmp_path / 'nowhere'}: there is no such folder")
    code, told = check(caps.raw(), "--data", tmp_path)
    assert (code, told["error"]) == (2, f"{tmp_path}: no head-end has run with this data folder")
    assert [one.name for one in tmp_path.iterdir()] == ["message.xml"]
    code, told = check(caps.raw(), "--at", "2026-03-02T06:00:00")
    assert (code, "an instant with its zone is expected" in told["error"]) == (2, True)


def test_a_database_of_something_else_is_a_refusal(check, tmp_path, monkeypatch):
    monkeypatch.delenv("LOA_DATABASE", raising=False)
    (tmp_path / "loa.db").write_bytes(b"")
    code, told = check(caps.raw(), "--data", tmp_path)
    assert (code, "the database can not be read" in told["error"]) == (1, True)


def test_what_people_read_is_lines_of_vietnamese_that_a_stranger_can_not_forge(tmp_path, capsys, data):
    file = tmp_path / "message.xml"
    file.write_bytes(caps.raw().replace("Lũ quét</event>".encode(), "Lũ\n  ký bởi \u009b2J</event>".encode()))
    assert cli.main(["cap", "check", str(file), "--data", str(data), *AT]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "HN-2026-0302-01 của pctt@hanoi.example, gửi 05:30 02/03/2026: khẩn cấp"
    assert lines[1] == "  không có chữ ký"
    assert "  địa bàn: 2 xã, phường; 2 cụm loa; tạm dừng: Cụm d" in lines
    assert not [one for one in lines if one.startswith("  ký bởi") or "\u009b" in one]
