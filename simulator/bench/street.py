"""Poles that have everything on them but the time: enrolled, with one session's plan and audio on their flash."""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from firmware.app.vault import Vault
from protocol import messages, seal
from simulator.hal.files import Files
from simulator.listen import decode

GROUP = "00070"
FAR_MS = 4_000_000_000_000
LOUD = 6000  # RMS of the noise that is sounded
ALL_DAY = messages.Rules(quiet_from_minute=0, quiet_to_minute=0, max_session_seconds=4 * 3600, sessions_half_day=100)


@dataclass(frozen=True)
class Recording:
    """Noise in IMA-ADPCM, sounded `times` times on end; no second of it is like another."""

    path: Path
    samples: np.ndarray
    times: int

    @property
    def frames(self) -> int:
        """Of the whole session."""
        return len(self.samples) * self.times

    @cached_property
    def digest(self) -> str:
        """Its name on a pole."""
        raw, size = self.path.read_bytes(), messages.CHUNK_BYTES
        listed = b"".join(hashlib.sha256(raw[at : at + size]).digest() for at in range(0, len(raw), size))
        return hashlib.sha256(listed).hexdigest()

    def piece(self, frame: int, count: int) -> np.ndarray:
        """So many samples of the session from a frame on, which may lie before its beginning: zeros there."""
        at = np.arange(frame, frame + count)
        return np.where((at >= 0) & (at < self.frames), self.samples[at % len(self.samples)], 0)


def record(folder: Path, seconds: int, seed: int) -> Recording:
    """Make a session's audio of about so many seconds, by ffmpeg."""
    times = min(messages.MAX_ITEMS, max(1, seconds // 30))
    frames = seconds * messages.RATE // times
    noise = np.random.default_rng(seed).normal(0, LOUD, frames)
    wav = folder / "recording.wav"
    codec = ["-c:a", "adpcm_ima_wav", "-block_size", str(messages.BLOCK_BYTES)]
    given = ["-f", "s16le", "-ar", str(messages.RATE), "-ac", "1", "-i", "-"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", *given, *codec, str(wav)]
    subprocess.run(command, input=np.clip(noise, -32000, 32000).astype("<i2").tobytes(), check=True)
    raw = wav.read_bytes()
    blocks = raw[raw.index(b"data") + 8 :]
    path = folder / "recording.ima"
    path.write_bytes(blocks[: len(blocks) // messages.BLOCK_BYTES * messages.BLOCK_BYTES])
    return Recording(path, decode(wav, messages.RATE)[:frames], times)


class Street:
    """One root key, one session, one group; poles are written into folders below `folder`."""

    def __init__(self, folder: Path, recording: Recording, at_ms: int) -> None:
        self.folder = folder
        self.recording = recording
        self.at_ms = at_ms
        self._root = rsa.generate_private_key(65537, 3072)

    def profile(self, pole: str, time: tuple[str, int]) -> dict:
        """The enrolment of a pole; its broker and its media server do not exist."""
        nowhere = {"host": "127.0.0.1", "port": 9, "user": pole, "password": "", "tls": False}
        return {
            "pole": pole,
            "groups": [GROUP],
            "broker": nowhere,
            "media": "http://127.0.0.1:9/media",
            "time": {"host": time[0], "port": time[1]},
            "root": f"{self._root.public_key().public_numbers().n:x}",
            "keys": self._key_list.hex(),
            "key": pole_key(pole).hex(),
        }

    @cached_property
    def _key_list(self) -> bytes:
        body = seal.body(1, 0, FAR_MS, "keys", messages.KeyList(version=1, keys=[]))
        signed = seal.signed_bytes(seal.ROOT_KID, body)
        return seal.pack(seal.ROOT_KID, self._root.sign(signed, padding.PKCS1v15(), hashes.SHA256()), body)

    @cached_property
    def session(self) -> messages.Session:
        """What every pole has to sound."""
        one = self.recording
        item = messages.Item(media=one.digest, bytes=one.path.stat().st_size, frames=len(one.samples))
        length_ms = -(-one.frames * 1000 // messages.RATE)
        return messages.Session(id="sync", at_ms=self.at_ms, length_ms=length_ms, items=[item] * one.times)

    def write(self, pole: str, learnt_ppb: int | None) -> Path:
        """A pole's flash: the plan, the audio, and what it has learnt of its crystal; its folder."""
        folder = self.folder / pole
        folder.mkdir()
        vault = Vault(Files(str(folder / "data")))
        plan = messages.Plan(version=1, rules=[ALL_DAY])
        vault.save_lines(f"plan-g-{GROUP}", [plan, self.session])
        if learnt_ppb is not None:
            vault.save_json("seen", {"ms": 0, "ppb": learnt_ppb, "learnt": learnt_ppb})
        os.symlink(self.recording.path, folder / "data" / "media" / self.recording.digest)
        return folder


def pole_key(pole: str) -> bytes:
    """The pole's own 32 bytes."""
    return hashlib.sha256(pole.encode()).digest()


def write_json(path: Path, value: dict) -> None:
    """For the pole's process."""
    path.write_text(json.dumps(value))
