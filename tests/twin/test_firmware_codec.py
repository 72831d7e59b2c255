"""The decoder is bit-exact with ffmpeg's on CPython and, as machine code, on both MicroPythons."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from tests.support.headside import decode, encode, noise
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
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("codec") / "blocks"
    path.write_bytes(hard_blocks())
    return path


@pytest.fixture(scope="module")
def reference(file) -> bytes:
    samples = decode(file.read_bytes())
    assert len(samples) == file.stat().st_size // BLOCK * 1017
    assert samples.max() == 32767 and samples.min() == -32768
    return samples.tobytes()


@pytest.mark.parametrize("name", TWINS)
def test_what_the_pole_decodes_is_what_ffmpeg_decodes(name, file, reference):
    assert run_on(name, RUNNER, file)["samples"] == hashlib.sha256(reference).hexdigest()


def test_volume_is_the_same_integers_everywhere_and_half_a_decibel_a_step(file):
    results = [run_on(name, RUNNER, file) for name in TWINS]
    assert results[0] == results[1] == results[2]
    gains = np.array(results[0]["gains"])
    steps = np.arange(len(gains))
    assert np.allclose(gains, 32768 * 10 ** (-steps / 40), rtol=0.02, atol=1)
