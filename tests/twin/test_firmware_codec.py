"""The decoders are bit-exact with ffmpeg's on CPython and, as machine code, on both MicroPythons."""

import functools
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.app import codec_mulaw
from tests.support.headside import decode, encode, ffmpeg_decode, noise
from tests.support.twins import TWINS, run_on

RUNNER = Path(__file__).with_name("codec_runner.py")
BLOCK = 512


def hard_blocks() -> bytes:
    """Loud noise, full-scale squares and random nibbles with every step index: all limits are reached."""
    dice = np.random.default_rng(5)
    square = np.where(np.arange(16000) // 40 % 2, 32767, -32768).astype("<i2")
    raw = encode(noise(1.0)) + encode(square)
    for index in range(89):
        start = int(dice.integers(-32768, 32768)).to_bytes(2, "little", signed=True)
        raw += start + bytes([index, 0]) + dice.bytes(BLOCK - 4)
    return raw


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """(IMA blocks, mu-law)"""
    folder = tmp_path_factory.mktemp("codec")
    (folder / "ima").write_bytes(hard_blocks())
    (folder / "mulaw").write_bytes(bytes(range(256)) * 5 + bytes(77))
    return folder / "ima", folder / "mulaw"


@pytest.fixture(scope="module")
def results(files):
    return {name: run_on(name, RUNNER, *files) for name in TWINS}


@pytest.mark.parametrize("name", TWINS)
def test_what_the_pole_decodes_of_ima_is_what_ffmpeg_decodes(name, files, results):
    samples = decode(files[0].read_bytes())
    assert len(samples) == files[0].stat().st_size // BLOCK * 1017
    assert samples.max() == 32767 and samples.min() == -32768
    assert results[name]["ima"] == hashlib.sha256(samples.tobytes()).hexdigest()


@pytest.mark.parametrize("name", TWINS)
def test_what_the_pole_decodes_of_mulaw_is_what_ffmpeg_decodes(name, files, results):
    samples = ffmpeg_decode("mulaw", files[1].read_bytes())
    assert len(set(samples)) == 255  # every code, two of which are nothing
    assert results[name]["mulaw"] == hashlib.sha256(samples.tobytes()).hexdigest()


@functools.cache
def ffmpeg_table() -> np.ndarray:
    return ffmpeg_decode("mulaw", bytes(range(256)))


@given(st.binary(min_size=1, max_size=512))
def test_any_bytes_of_mulaw_decode_as_with_ffmpeg(raw):
    out = bytearray(len(raw) * 2)
    codec_mulaw.decode(raw, out, len(raw))
    assert np.array_equal(np.frombuffer(out, "<i2"), ffmpeg_table()[np.frombuffer(raw, np.uint8)])


def test_volumes_and_peaks_are_the_same_integers_everywhere(results):
    first, *others = ({key: results[name][key] for key in ("quieter", "gains", "peaks")} for name in TWINS)
    assert all(other == first for other in others)
