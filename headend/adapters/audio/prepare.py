"""From whatever a person uploads to one normalised WAV file, streamed: memory does not grow with the length.

What counts is what the decoder really gives; the file's own header is only compared with it. A length
is false when
- the data chunk of a WAV reaches beyond the end of the file, or the last page of an Ogg is cut, or
- the header's duration differs from the decoded one by more than 2 s and by more than 5 %.
A header without a length (a stream recorded into a pipe, bare AAC, MP3 without an information frame) claims
nothing, and several MP3 files in one are as long as all of them.
"""

import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from headend.ports import Prepared

from . import recognise
from .ffmpeg import Ffmpeg, TooSlow, claimed_ms
from .files import commit, new_file, sha256_of, wav_writer
from .loudness import TARGET_LUFS, limited
from .meter import Meter
from .sound import FRAMES_PER_MS, RATE, SEGMENT_FRAMES, BadSound


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a source may ask for. `program` replaces the packaged ffmpeg."""

    bytes: int = 200 * 1024 * 1024
    minutes: int = 60
    seconds: float = 180.0
    program: str | None = None


_QUIETEST_LUFS = -55.0  # below this, normalising would only raise noise by more than 39 dB
_SLOW = "Giải mã tệp mất quá nhiều thời gian nên đã dừng, hãy lưu lại tệp rồi thử lại."
_FALSE_MS = 2_000
_FALSE_SHARE = 0.05
_NEAR_LU = 0.2  # close enough to the target
_MOST_EXTRA_DB = 6.0
_TRIES = 3


def prepare(source: Path, out_dir: Path, limits: Limits = Limits()) -> Prepared:
    """Decode `source`, normalise it to −16 LUFS under −1 dBTP and store it as `out_dir/<sha256>.wav`.

    Raises BadSound for a source that must not be used, OSError when the disk is full; nothing is left then.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    _check_size(source, limits)
    with open(source, "rb") as file, tempfile.TemporaryFile(dir=out_dir) as raw:
        lufs = _decode(file, raw, limits)
        return _normalise(raw, lufs, out_dir)


def _check_size(source: Path, limits: Limits) -> None:
    found = source.stat()
    size = found.st_size
    if not stat.S_ISREG(found.st_mode):
        raise recognise.not_audio()
    if size == 0:
        raise BadSound("empty", "Tệp rỗng, không có âm thanh nào.")
    if size > limits.bytes:
        most = limits.bytes // (1024 * 1024)
        raise BadSound("too_large", f"Tệp lớn hơn {most} MB, hãy nén hoặc chia nhỏ bản ghi.")


def _decode(file: BinaryIO, raw: BinaryIO, limits: Limits) -> float:
    """Write the sound of `file` to `raw` as bare 16 kHz samples, whole milliseconds; return its LUFS."""
    kind = recognise.demuxer(file)
    before = ("-f", kind, "-codec_whitelist", recognise.DECODERS)
    after = ("-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", "1", "-ar", str(RATE), "-f", "s16le")
    meter = Meter()
    try:
        with Ffmpeg(file, before, after, limits.seconds, limits.program) as ffmpeg:
            frames = _take(ffmpeg, raw, meter, limits)
            if not ffmpeg.succeeded():
                raise recognise.not_decodable()
            _check_claim(ffmpeg.report(), frames)
    except TooSlow as error:
        raise BadSound("too_slow", _SLOW) from error
    raw.write(bytes(2 * (-frames % FRAMES_PER_MS)))
    return _audible(meter, frames)


def _take(ffmpeg: Ffmpeg, raw: BinaryIO, meter: Meter, limits: Limits) -> int:
    """Everything the decoder gives, up to the longest allowed; the number of samples."""
    frames = 0
    for block in ffmpeg.blocks(2 * SEGMENT_FRAMES):
        raw.write(block)
        meter.add(np.frombuffer(block, np.int16))
        frames += len(block) // 2
        if frames > limits.minutes * 60 * RATE:
            raise BadSound("too_long", f"Bản ghi dài hơn {limits.minutes} phút, hãy cắt ngắn rồi tải lại.")
    return frames


def _check_claim(report: str, frames: int) -> None:
    claimed = claimed_ms(report)
    real = frames // FRAMES_PER_MS
    if claimed is None or abs(claimed - real) <= max(_FALSE_MS, _FALSE_SHARE * claimed):
        return
    lengths = f"Tệp tự ghi dài {_spoken(claimed)} nhưng giải mã được {_spoken(real)}"
    raise BadSound("false_length", f"{lengths}, hãy lưu lại rồi tải lên tệp đầy đủ.")


def _spoken(ms: int) -> str:
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} phút {seconds} giây" if minutes else f"{seconds} giây"


def _audible(meter: Meter, frames: int) -> float:
    if frames == 0:
        raise BadSound("empty", "Tệp không chứa âm thanh nào.")
    lufs = meter.lufs()
    if lufs < _QUIETEST_LUFS:
        raise BadSound("silent", "Bản ghi im lặng, quá nhỏ hoặc ngắn hơn nửa giây, không có gì để phát.")
    return lufs


def _normalise(raw: BinaryIO, lufs: float, out_dir: Path) -> Prepared:
    """Gain, limit, measure; where the limiter took loudness away, again with a little more gain."""
    gain_db = TARGET_LUFS - lufs
    most_db = gain_db + _MOST_EXTRA_DB
    with new_file(out_dir) as file:
        for _ in range(_TRIES):
            frames, meter = _render(raw, gain_db, file)
            missing = TARGET_LUFS - meter.lufs()
            if missing < _NEAR_LU or gain_db >= most_db:
                break
            gain_db = min(gain_db + missing, most_db)
        sha256 = sha256_of(file)
        path = out_dir / f"{sha256}.wav"
        commit(file, path)
    return Prepared(sha256, path, frames, frames // FRAMES_PER_MS, meter.lufs(), meter.true_peak_db())


def _render(raw: BinaryIO, gain_db: float, file: BinaryIO) -> tuple[int, Meter]:
    meter = Meter(peaks=True)
    frames = 0
    with wav_writer(file) as wav:
        for piece in limited(_pieces(raw), gain_db):
            wav.writeframesraw(piece.tobytes())
            meter.add(piece)
            frames += len(piece)
    return frames, meter


def _pieces(raw: BinaryIO) -> Iterator[np.ndarray]:
    raw.seek(0)
    while block := raw.read(2 * SEGMENT_FRAMES):
        yield np.frombuffer(block, np.int16)
