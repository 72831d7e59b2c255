"""Sounds to test with: made by rule, written by ffmpeg as people's devices write them."""

import subprocess
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np

RATE = 16_000


def seconds(count: float) -> np.ndarray:
    """The instants of the samples of so many seconds."""
    return np.arange(round(count * RATE)) / RATE


def int16(samples: np.ndarray) -> np.ndarray:
    """Rounded and clipped as a converter does it."""
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def silence(count: float) -> np.ndarray:
    """Digital silence."""
    return np.zeros(round(count * RATE), np.int16)


def noise(count: float, strength: float = 3000, seed: int = 1) -> np.ndarray:
    """White noise of this RMS; another seed is another sound."""
    return int16(np.random.default_rng(seed).normal(0, strength, round(count * RATE)))


def tune(count: float, strength: float = 6000, seed: int = 1) -> np.ndarray:
    """Half-second notes of a breathy flute, no two rows of them alike; `strength` is of the fundamental."""
    picks = np.random.default_rng(seed)
    at = seconds(0.5)
    notes = []
    while len(notes) * 0.5 < count:
        hertz = picks.uniform(200, 1500)
        overtones = [np.sin(2 * np.pi * hertz * k * at + picks.uniform(0, 7)) / k**2 for k in (1, 2, 3, 4)]
        notes.append((sum(overtones) + picks.normal(0, 0.1, len(at))) * np.sin(np.pi * at / 0.5))
    return int16(strength * np.concatenate(notes))[: round(count * RATE)]


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """One channel, 16 bits."""
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(samples.tobytes())
    return path


def read_wav(path: Path) -> np.ndarray:
    """The samples of a WAV file of 16 kHz, one channel, 16 bits."""
    with wave.open(str(path), "rb") as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(wav.readframes(wav.getnframes()), np.int16)


def ffmpeg(*arguments: str | Path) -> None:
    """Run the packaged ffmpeg."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-y", "-v", "error", *map(str, arguments)]
    subprocess.run(command, check=True)


def recorded(path: Path, samples: np.ndarray, *options: str) -> Path:
    """`samples` as a phone or a studio hands them in: 44.1 kHz, two channels; the name tells the kind."""
    plain = write_wav(path.with_name(path.name + ".plain"), samples)
    ffmpeg("-f", "wav", "-i", plain, "-ar", "44100", "-ac", "2", *options, path)
    plain.unlink()
    return path
