"""Uploads, as devices write them and as attackers do, through the real decoder."""

import hashlib
import os
import shutil
import struct

import numpy as np
import pytest

from headend.adapters.audio import BadSound, Limits, prepare, sweep
from headend.adapters.audio.ffmpeg import Ffmpeg
from headend.adapters.audio.meter import Meter
from headend.adapters.speech import choose
from simulator.listen import match
from tests.support.processes import children
from tests.support.sounds import ffmpeg, int16, noise, read_wav, recorded, seconds, silence, tune, write_wav

pytestmark = pytest.mark.slow

SONG = tune(6)
KINDS = {
    "mp3": ("-b:a", "128k"),
    "m4a": ("-c:a", "aac"),
    "wav": (),
    "ogg": ("-c:a", "libvorbis"),
    "opus": ("-c:a", "libopus", "-ar", "48000"),
    "flac": (),
    "aac": (),
}


@pytest.fixture
def out(tmp_path):
    """Where prepared sounds go; whatever a test did, nothing half-done is left in it and no decoder runs on."""
    folder = tmp_path / "bulletins"
    folder.mkdir()
    yield folder
    assert all(path.suffix == ".wav" and len(path.stem) == 64 for path in folder.iterdir())
    assert not [command for command in children().values() if "ffmpeg" in command]


def refusal(source, out, limits=None):
    """The refusal of a source that must leave nothing behind."""
    with pytest.raises(BadSound) as refused:
        prepare(source, out, limits or Limits())
    assert not list(out.iterdir())
    assert refused.value.message_vi.endswith(".")
    return refused.value


@pytest.mark.parametrize("kind", KINDS)
def test_what_people_record_becomes_one_kind_of_file_at_one_loudness(tmp_path, out, kind):
    upload = recorded(tmp_path / f"upload.{kind}", SONG, *KINDS[kind]).rename(tmp_path / "upload.txt")
    made = prepare(upload, out)
    sound = read_wav(made.path)
    assert list(out.iterdir()) == [made.path]
    assert made.path.name == f"{made.sha256}.wav"
    assert hashlib.sha256(made.path.read_bytes()).hexdigest() == made.sha256
    assert made.frames == len(sound) == 16 * made.duration_ms
    assert made.duration_ms == pytest.approx(6000, abs=60)
    assert made.loudness_lufs == pytest.approx(-16, abs=0.3)
    assert made.true_peak_db <= -1
    assert match(SONG, sound).score > 0.95


def test_the_same_upload_gives_the_same_file(tmp_path, out):
    upload = recorded(tmp_path / "a.mp3", SONG)
    assert prepare(upload, out) == prepare(upload, out)
    assert len(list(out.iterdir())) == 1


def spoken(path):
    choose().speak("Kính mời bà con ra nhà văn hóa họp tổ dân phố lúc bảy giờ rưỡi tối nay.", path)
    return read_any(path)


def read_any(path):
    ffmpeg("-i", path, "-ar", "16000", path.with_suffix(".16.wav"))
    return read_wav(path.with_suffix(".16.wav"))


MATERIALS = {
    "speech": spoken,
    "music": lambda path: tune(20),
    "quiet noise": lambda path: noise(20, 60),
    "clipped": lambda path: int16(1e6 * np.sin(2 * np.pi * 300 * seconds(20)) * np.sin(2 * np.pi * seconds(20))),
    "loud and soft": lambda path: np.concatenate((tune(5, 20_000), tune(15, 800, seed=2))),
}


@pytest.mark.parametrize("material", MATERIALS)
def test_every_material_comes_out_equally_loud_and_unclipped(tmp_path, out, material):
    sound = MATERIALS[material](tmp_path / "spoken.wav")
    made = prepare(write_wav(tmp_path / "upload.wav", sound), out)
    meter = Meter(peaks=True)
    meter.add(read_wav(made.path))
    print(f"{material}: {made.loudness_lufs:.2f} LUFS, {made.true_peak_db:.2f} dBTP")
    assert meter.lufs() == pytest.approx(made.loudness_lufs, abs=0.01)
    assert made.loudness_lufs == pytest.approx(-16, abs=0.5)
    assert max(made.true_peak_db, meter.true_peak_db()) <= -1


def test_a_few_loud_clicks_cost_loudness_rather_than_all_dynamics(tmp_path, out):
    sound = noise(20, 100)
    sound[::8000] = 32_000
    made = prepare(write_wav(tmp_path / "upload.wav", sound), out)
    assert made.true_peak_db <= -1
    assert -30 < made.loudness_lufs < -15


def test_a_picture_in_the_file_and_lies_in_its_title_do_no_harm(tmp_path, out):
    picture = tmp_path / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1", picture)
    lie = "title=a\n  Duration: 00:00:01.00, start"
    for kind in ("mp3", "m4a"):
        plain, upload = recorded(tmp_path / f"a.{kind}", SONG), tmp_path / f"b.{kind}"
        cover = ("-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic")
        ffmpeg("-i", plain, "-i", picture, *cover, "-metadata", lie, upload)
        assert prepare(upload, out).duration_ms == pytest.approx(6000, abs=60)


def test_a_recorder_that_did_not_know_the_length_is_believed_its_samples(tmp_path, out):
    upload = write_wav(tmp_path / "a.wav", SONG)
    data = bytearray(upload.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    upload.write_bytes(data)
    assert prepare(upload, out).duration_ms == 6000


@pytest.mark.parametrize("data", ["Chào bà con".encode(), os.urandom(200_000), b"#EXTM3U\n/etc/passwd\n"])
def test_what_is_no_sound_is_refused_whatever_its_name(tmp_path, out, data):
    (tmp_path / "bản tin.mp3").write_bytes(data)
    assert refusal(tmp_path / "bản tin.mp3", out).code == "not_audio"


@pytest.mark.parametrize("kind", ["m4a", "flac", "wav", "ogg"])
def test_a_sound_in_name_only_is_refused(tmp_path, out, kind):
    upload = recorded(tmp_path / f"a.{kind}", SONG, *KINDS[kind])
    head = upload.read_bytes()[:64]
    upload.write_bytes(head + os.urandom(100_000))
    assert refusal(upload, out).code in ("not_audio", "false_length")


def test_an_empty_file_is_refused(tmp_path, out):
    (tmp_path / "a.mp3").touch()
    assert refusal(tmp_path / "a.mp3", out).code == "empty"


def test_a_sound_file_without_a_sample_is_refused(tmp_path, out):
    assert refusal(write_wav(tmp_path / "a.wav", silence(0)), out).code in ("empty", "not_audio")


@pytest.mark.parametrize("sound", [silence(5), noise(5, 1), SONG[:3000]])
def test_silence_and_next_to_nothing_are_refused(tmp_path, out, sound):
    assert refusal(write_wav(tmp_path / "a.wav", sound), out).code == "silent"


def test_too_many_bytes_are_refused_without_reading_them(tmp_path, out):
    with open(tmp_path / "a.wav", "wb") as file:
        file.truncate(200 * 1024 * 1024 + 1)
    assert refusal(tmp_path / "a.wav", out).code == "too_large"


def test_what_is_no_file_is_refused(tmp_path, out):
    os.mkfifo(tmp_path / "pipe.mp3")
    assert refusal(tmp_path / "pipe.mp3", out).code == "not_audio"


def test_a_small_file_that_unfolds_to_more_than_an_hour_is_refused(tmp_path, out):
    minute = recorded(tmp_path / "minute.flac", tune(30))
    ffmpeg("-stream_loop", "-1", "-i", minute, "-t", "3602", "-c", "copy", tmp_path / "long.mp3.flac")
    assert refusal(tmp_path / "long.mp3.flac", out, Limits(minutes=2)).code == "too_long"


@pytest.mark.parametrize("kind", ["mp3", "flac", "wav", "ogg", "opus", "m4a"])
def test_an_upload_that_broke_off_is_refused(tmp_path, out, kind):
    options = (*KINDS[kind], *(("-movflags", "+faststart") if kind == "m4a" else ()))
    upload = recorded(tmp_path / f"a.{kind}", SONG, *options)
    upload.write_bytes(upload.read_bytes()[: upload.stat().st_size // 2])
    refused = refusal(upload, out)
    assert refused.code == "false_length"


def test_an_m4a_without_its_end_is_refused(tmp_path, out):
    upload = recorded(tmp_path / "a.m4a", SONG)
    upload.write_bytes(upload.read_bytes()[:-2000])
    assert refusal(upload, out).code == "not_audio"


def flac_that_claims(path, samples):
    """STREAMINFO holds the number of samples in the last 36 bits of the eight bytes from 18 on."""
    data = bytearray(path.read_bytes())
    packed = int.from_bytes(data[18:26], "big") >> 36 << 36 | samples
    data[18:26] = packed.to_bytes(8, "big")
    path.write_bytes(data)


def mp3_that_claims(path, frames):
    data = bytearray(path.read_bytes())
    tag = max(data.find(b"Xing"), data.find(b"Info"))
    assert tag > 0
    data[tag + 8 : tag + 12] = struct.pack(">I", frames)
    path.write_bytes(data)


@pytest.mark.parametrize("claimed_seconds", [3, 9, 36_000])
def test_a_header_that_lies_about_the_length_is_refused(tmp_path, out, claimed_seconds):
    upload = recorded(tmp_path / "a.flac", SONG)
    flac_that_claims(upload, claimed_seconds * 44_100)
    refused = refusal(upload, out)
    assert refused.code == "false_length"
    assert "6 giây" in refused.message_vi


def test_an_mp3_that_claims_an_hour_is_refused(tmp_path, out):
    upload = recorded(tmp_path / "a.mp3", SONG)
    mp3_that_claims(upload, 3600 * 44_100 // 1152)
    refused = refusal(upload, out)
    assert (refused.code, "60 phút" in refused.message_vi) == ("false_length", True)


def test_a_header_may_be_a_little_wrong(tmp_path, out):
    upload = recorded(tmp_path / "a.flac", SONG)
    flac_that_claims(upload, 7 * 44_100)
    assert prepare(upload, out).duration_ms == 6000


def test_a_decoder_that_hangs_is_stopped(tmp_path, out):
    program = tmp_path / "hangs"
    program.write_text("#!/bin/sh\nexec /bin/sleep 600\n")
    program.chmod(0o755)
    upload = write_wav(tmp_path / "a.wav", SONG)
    assert refusal(upload, out, Limits(seconds=0.3, program=str(program))).code == "too_slow"


def test_a_decoder_that_never_stops_talking_is_stopped(tmp_path, out):
    program = tmp_path / "talks"
    program.write_text("#!/bin/sh\nexec /usr/bin/yes >&2\n")
    program.chmod(0o755)
    upload = write_wav(tmp_path / "a.wav", SONG)
    assert refusal(upload, out, Limits(seconds=0.5, program=str(program))).code == "too_slow"


def test_a_decoder_that_crashes_is_no_sound(tmp_path, out):
    program = tmp_path / "crashes"
    program.write_text("#!/bin/sh\nkill -SEGV $$\n")
    program.chmod(0o755)
    upload = write_wav(tmp_path / "a.wav", SONG)
    assert refusal(upload, out, Limits(program=str(program))).code == "not_audio"


@pytest.mark.parametrize("demuxer", ["concat", "hls", "lavfi"])
def test_even_a_script_that_got_past_the_door_opens_no_file(tmp_path, demuxer):
    secret = write_wav(tmp_path / "secret.wav", SONG)
    script = tmp_path / "script"
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:6,\n{secret}\n#EXT-X-ENDLIST\n"
    script.write_text({"concat": f"file '{secret}'\n", "hls": playlist, "lavfi": f"amovie={secret}"}[demuxer])
    with open(script, "rb") as file, Ffmpeg(file, ("-f", demuxer), ("-f", "s16le"), 20) as child:
        assert child.read(1000) == b""
        assert not child.succeeded()


def test_a_full_disk_leaves_nothing(tmp_path, out, monkeypatch):
    upload = write_wav(tmp_path / "a.wav", SONG)
    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="No space"):
        prepare(upload, out)
    assert not list(out.iterdir())


def no_space(*_):
    raise OSError(28, "No space left on device")


def test_what_a_killed_head_end_left_half_written_is_swept_away(tmp_path, out):
    made = prepare(write_wav(tmp_path / "a.wav", SONG), out)
    shutil.copy(made.path, out / ".part-abc")
    (out / ".part-folder").mkdir()
    (out / ".part-folder" / "b.wav").touch()
    assert sweep(out) == 2
    assert list(out.iterdir()) == [made.path]
