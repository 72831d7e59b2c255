"""Programmes, and what poles fetch of them, through the real encoder."""

import hashlib
import wave

import numpy as np
import pytest

from headend.adapters.audio import decode_media, encode, join
from headend.adapters.audio.chime import closing, opening
from protocol.messages import BLOCK_BYTES, BLOCK_FRAMES
from simulator.listen import match
from tests.support.sounds import noise, read_wav, silence, tune, write_wav

pytestmark = pytest.mark.slow

CHUNK_BYTES = 65_536


@pytest.fixture(scope="module")
def programme(tmp_path_factory):
    """Two bulletins of 12 and 3 s between chimes."""
    folder = tmp_path_factory.mktemp("programme")
    parts = [write_wav(folder / "a.wav", tune(12)), write_wav(folder / "b.wav", tune(3, seed=2))]
    return join(parts, folder / "programme.wav")


def test_a_programme_is_chime_bulletins_and_chime_with_pauses(programme):
    sound = read_wav(programme.path)
    at = 0
    for part, pause_ms in ((opening(), 800), (tune(12), 1500), (tune(3, seed=2), 1000), (closing(), 0)):
        inner = slice(at + 200, at + len(part) - 200)
        assert np.array_equal(sound[inner], part[200:-200])
        at += len(part)
        assert not sound[at : at + 16 * pause_ms].any()
        at += 16 * pause_ms
    assert at == len(sound) == programme.frames


def test_a_bulletin_that_begins_or_ends_in_mid_sound_does_not_click(tmp_path):
    programme = join([write_wav(tmp_path / "a.wav", np.full(32_000, 9000, np.int16))], tmp_path / "p.wav")
    bulletin = read_wav(programme.path)[len(opening()) + 800 * 16 :][:32_000]
    assert np.max(np.abs(np.diff(bulletin.astype(int)))) < 2500
    assert abs(int(bulletin[0])) < 100 and abs(int(bulletin[-1])) < 2500


def test_a_programme_of_nothing_can_not_be_made(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        join([], tmp_path / "p.wav")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rate", [8000, 44_100])
def test_only_prepared_sounds_are_joined(tmp_path, rate):
    with pytest.raises(ValueError, match="16 kHz"):
        join([write_wav(tmp_path / "a.wav", tune(1), rate)], tmp_path / "p.wav")
    (tmp_path / "text").write_text("không phải âm thanh")
    with pytest.raises(ValueError, match="not a WAV file"):
        join([tmp_path / "text"], tmp_path / "p.wav")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "text"]


def test_what_poles_fetch_is_named_by_its_chunks(tmp_path, programme):
    made = encode(programme.path, tmp_path)
    data, chunks = (tmp_path / made.digest).read_bytes(), (tmp_path / f"{made.digest}.chunks").read_bytes()
    cut = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)]
    assert chunks == b"".join(hashlib.sha256(chunk).digest() for chunk in cut)
    assert made.digest == hashlib.sha256(chunks).hexdigest()
    assert made.bytes == len(data) == -(-programme.frames // BLOCK_FRAMES) * BLOCK_BYTES
    assert (made.frames, made.duration_ms) == (programme.frames, programme.duration_ms)
    assert sorted(path.name for path in tmp_path.iterdir()) == [made.digest, f"{made.digest}.chunks"]


def test_encoding_twice_gives_the_same_files(tmp_path, programme):
    assert encode(programme.path, tmp_path) == encode(programme.path, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("frames", [1, BLOCK_FRAMES - 1, BLOCK_FRAMES, BLOCK_FRAMES + 1, 128 * BLOCK_FRAMES + 1])
def test_the_last_block_is_whole_and_its_padding_silent(tmp_path, frames):
    made = encode(write_wav(tmp_path / "a.wav", noise(9)[:frames]), tmp_path)
    blocks = -(-frames // BLOCK_FRAMES)
    decoded = decode_media(tmp_path / made.digest)
    assert (made.bytes, made.frames) == (blocks * BLOCK_BYTES, frames)
    assert len(decoded) == blocks * BLOCK_FRAMES
    assert len(decode_media(tmp_path / made.digest, made.frames)) == frames
    assert not len(decoded[frames + 100 :]) or np.max(np.abs(decoded[frames + 100 :])) < 50


def test_each_block_begins_with_a_header_that_a_pole_can_start_from(tmp_path, programme):
    """Four bytes: the first sample, the step index (0–88), zero; see protocol/SPEC.md."""
    made = encode(programme.path, tmp_path)
    blocks = np.frombuffer((tmp_path / made.digest).read_bytes(), np.uint8).reshape(-1, BLOCK_BYTES)
    firsts = blocks[:, :2].copy().view("<i2")[:, 0]
    assert np.all(blocks[:, 2] <= 88) and not blocks[:, 3].any()
    assert np.array_equal(firsts, decode_media(tmp_path / made.digest)[::BLOCK_FRAMES])


@pytest.mark.parametrize(("sound", "least_db"), [(tune(10), 24), (noise(10), 14)])
def test_what_poles_fetch_sounds_like_what_was_joined(tmp_path, sound, least_db):
    made = encode(write_wav(tmp_path / "a.wav", sound), tmp_path)
    decoded = decode_media(tmp_path / made.digest, made.frames)
    error = decoded.astype(float) - sound
    snr_db = 10 * np.log10(np.sum(np.square(sound, dtype=float)) / np.sum(error**2))
    likeness = match(sound, decoded)
    print(f"SNR {snr_db:.1f} dB, match {likeness.score:.4f}")
    assert snr_db > least_db
    assert likeness.score > 0.95 and likeness.offset_samples == 0


def test_no_sound_can_not_be_encoded(tmp_path):
    with pytest.raises(ValueError, match="holds no sound"):
        encode(write_wav(tmp_path / "a.wav", silence(0)), tmp_path / "media")
    with wave.open(str(tmp_path / "stereo.wav"), "wb") as wav:
        wav.setparams((2, 2, 16_000, 0, "NONE", ""))
        wav.writeframes(bytes(4000))
    with pytest.raises(ValueError, match="one channel"):
        encode(tmp_path / "stereo.wav", tmp_path / "media")
    assert not (tmp_path / "media").exists()
