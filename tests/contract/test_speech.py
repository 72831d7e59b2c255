"""The voices: espeak-ng as it is installed, and Piper's command line."""

import json
import stat
import sys
import wave

import numpy as np
import pytest

from headend.adapters.audio import prepare
from headend.adapters.speech import BadText, EspeakVoice, NoVoice, PiperVoice, SpeechFailed, choose
from simulator.listen import match
from tests.support.sounds import read_wav

pytestmark = pytest.mark.slow

NOTICE = (
    "Kính thưa bà con. Trạm y tế phường tổ chức tiêm phòng cho trẻ em từ sáu tháng tuổi, "
    "bắt đầu lúc bảy giờ ba mươi sáng thứ Bảy, tại nhà văn hóa. Đề nghị các gia đình đến đúng giờ."
)
SYLLABLES = len(NOTICE.split())


def spoken(text, out):
    path = EspeakVoice().speak(text, out)
    assert path == out
    with wave.open(str(path)) as wav:
        assert (wav.getnchannels(), wav.getsampwidth()) == (1, 2)
        samples = np.frombuffer(wav.readframes(wav.getnframes()), np.int16)
        return samples, len(samples) / wav.getframerate()


def test_a_notice_is_spoken_slowly_enough_for_the_street(tmp_path):
    samples, length = spoken(NOTICE, tmp_path / "a.wav")
    assert 120 < SYLLABLES / length * 60 < 180
    assert np.max(np.abs(samples)) > 3000


def test_the_same_text_sounds_the_same_and_another_does_not(tmp_path):
    first, _ = spoken(NOTICE, tmp_path / "a.wav")
    again, _ = spoken(NOTICE, tmp_path / "b.wav")
    other, _ = spoken("Thông báo tạm ngừng cấp nước toàn phường từ chiều nay đến sáng mai.", tmp_path / "c.wav")
    assert np.array_equal(first, again)
    assert match(other, first).score < 0.3


def test_tones_are_spoken(tmp_path):
    """ma, má, mà, mả, mã, mạ are six words."""
    words = [spoken(word, tmp_path / "a.wav")[0] for word in ("ma", "má", "mà", "mả", "mã", "mạ")]
    assert len({word.tobytes() for word in words}) == 6


def test_a_new_paragraph_is_a_longer_pause(tmp_path):
    _, one = spoken("Mời bà con đi họp. Xin cảm ơn.", tmp_path / "a.wav")
    _, two = spoken("Mời bà con đi họp.\nXin cảm ơn.", tmp_path / "b.wav")
    assert two > one + 0.3


def test_what_is_spoken_becomes_a_bulletin_like_any_upload(tmp_path):
    made = prepare(EspeakVoice().speak(NOTICE, tmp_path / "a.wav"), tmp_path / "bulletins")
    assert made.loudness_lufs == pytest.approx(-16, abs=0.5)
    assert made.frames == len(read_wav(made.path))


@pytest.mark.parametrize("text", ["", "   ", "...", "a" * 20_001])
def test_a_text_that_can_not_be_spoken_starts_no_voice(tmp_path, text):
    voice = EspeakVoice(command=["/nonexistent"])
    with pytest.raises(BadText):
        voice.speak(text, tmp_path / "a.wav")


def test_the_longest_text_is_spoken_within_the_limit(tmp_path):
    text = (NOTICE + "\n") * 200
    _, length = spoken(text[:20_000], tmp_path / "a.wav")
    assert length > 20 * 60


def worker(tmp_path, body):
    """A worker that does this instead of speaking; OUT is the file it should write."""
    path = tmp_path / "worker.py"
    path.write_text(f"import sys, os, pathlib\nOUT = pathlib.Path(sys.argv[-1])\nCOUNT = {str(tmp_path / 'count')!r}\n"
                    "with open(COUNT, 'a') as file: file.write('.')\n" + body)
    return [sys.executable, str(path)], tmp_path / "count"


CRASHES = {
    "crash": "os.abort()",
    "error": "raise SystemExit('no data')",
    "nothing written": "pass",
    "rubbish written": "OUT.write_bytes(b'RIFF')",
    "written and crashed": "OUT.write_bytes(b'RIFF'); os.abort()",
}


@pytest.mark.parametrize("fault", CRASHES)
def test_a_voice_that_fails_is_tried_once_more_and_then_told(tmp_path, fault):
    command, count = worker(tmp_path, CRASHES[fault])
    with pytest.raises(SpeechFailed) as failed:
        EspeakVoice(command).speak(NOTICE, tmp_path / "a.wav")
    assert failed.value.message.startswith("Bộ đọc văn bản đang gặp lỗi")
    assert failed.value.detail
    assert count.read_text() == ".."
    assert not (tmp_path / "a.wav").exists()


def test_a_voice_that_crashed_once_speaks_the_second_time(tmp_path):
    speak = "from headend.adapters.speech.espeak_worker import main\n"
    command, count = worker(tmp_path, speak + "if len(open(COUNT).read()) == 1: os.abort()\nmain()")
    EspeakVoice(command).speak(NOTICE, tmp_path / "a.wav")
    assert count.read_text() == ".."


def test_a_voice_that_hangs_is_stopped(tmp_path):
    command, _ = worker(tmp_path, "import time; time.sleep(600)")
    with pytest.raises(SpeechFailed) as failed:
        EspeakVoice(command, seconds=0.3).speak(NOTICE, tmp_path / "a.wav")
    assert "did not finish within 0.3 s" in failed.value.detail


def test_without_a_model_the_built_in_voice_speaks():
    assert isinstance(choose(), EspeakVoice)


@pytest.fixture
def model(tmp_path):
    """The two files of a Piper model, by name: what is in them only Piper knows."""
    path = tmp_path / "vi.onnx"
    path.touch()
    (tmp_path / "vi.onnx.json").write_text("{}")
    return path


def program(tmp_path, body):
    path = tmp_path / "piper"
    path.write_text(f"#!{sys.executable}\nimport json, sys, wave\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


RECORDS_HOW_IT_WAS_CALLED = """
out = sys.argv[sys.argv.index("--output-file") + 1]
with wave.open(out, "wb") as wav:
    wav.setparams((1, 2, 22050, 0, "NONE", ""))
    wav.writeframes(bytes(44100))
with open(out + ".json", "w") as file:
    json.dump({"arguments": sys.argv[1:], "text": sys.stdin.read()}, file)
"""


def test_a_model_is_spoken_by_the_piper_program(tmp_path, model):
    voice = choose(model, program(tmp_path, RECORDS_HOW_IT_WAS_CALLED))
    assert isinstance(voice, PiperVoice)
    voice.speak("  --cuda Kính thưa\u200b bà con ", tmp_path / "a.wav")
    called = json.loads((tmp_path / "a.wav.json").read_text())
    assert called["text"] == "--cuda Kính thưa bà con\n"
    assert called["arguments"][:2] == ["--model", str(model)]
    assert called["arguments"][-2:] == ["--output-file", str(tmp_path / "a.wav")]


def test_piper_is_found_on_the_path(tmp_path, model, monkeypatch):
    program(tmp_path, RECORDS_HOW_IT_WAS_CALLED)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert choose(model).speak(NOTICE, tmp_path / "a.wav").exists()


def test_a_piper_that_fails_is_told(tmp_path, model):
    with pytest.raises(SpeechFailed) as failed:
        choose(model, program(tmp_path, "sys.exit('Unable to load model')")).speak(NOTICE, tmp_path / "a.wav")
    assert "Unable to load model" in failed.value.detail


def test_a_voice_that_is_set_but_not_there_is_told_at_once(tmp_path, model, monkeypatch):
    with pytest.raises(NoVoice, match=r"no Piper model at .*nowhere\.onnx"):
        choose(tmp_path / "nowhere.onnx")
    with pytest.raises(NoVoice, match="program /nowhere/piper is not there"):
        choose(model, "/nowhere/piper")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoVoice, match="pip install piper-tts"):
        choose(model)
    (tmp_path / "vi.onnx.json").unlink()
    with pytest.raises(NoVoice, match=r"vi\.onnx\.json is missing"):
        choose(model)
