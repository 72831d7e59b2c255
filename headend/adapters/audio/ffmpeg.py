"""One ffmpeg child at a time: fed by an open file, read through a pipe, limited, and always buried.

The child gets its input as descriptor 0 and may use no protocol but `fd` and `pipe`: it can open neither a
file by name nor a network address, whatever a crafted file asks for.
"""

import re
import resource
import subprocess
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import BinaryIO

import imageio_ffmpeg

_REPORT_BYTES = 64 * 1024
_PIPE_BYTES = 1 << 20  # so that the child works on while its output is being measured
_MEMORY_BYTES = 1 << 30
_ALLOCATION_BYTES = 128 << 20
_COMMON = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "info", "-max_alloc", str(_ALLOCATION_BYTES))
_INPUT = ("-protocol_whitelist", "fd,pipe", "-fd", "0", "-i", "fd:")
_OUTPUT = ("-threads", "1", "-fflags", "+bitexact", "-flags", "+bitexact", "-map_metadata", "-1", "pipe:1")
# Two spaces at the start of the line: titles and comments inside the file are printed with more.
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d)\.(\d\d),", re.MULTILINE)
_GUESSED = "Estimating duration from bitrate"


class TooSlow(Exception):
    """The child did not end within its time limit and was killed."""


class Ffmpeg:
    """A running ffmpeg. Use as a context manager: at the end the child is dead and waited for.

    `before` are options of the input, `after` options of the output; `program` replaces the packaged ffmpeg.
    """

    def __init__(
        self,
        source: BinaryIO,
        before: Sequence[str],
        after: Sequence[str],
        seconds: float,
        program: str | None = None,
    ) -> None:
        source.seek(0)
        arguments = [program or imageio_ffmpeg.get_ffmpeg_exe(), *_COMMON, "-threads", "1", *before, *_INPUT]
        self._child = subprocess.Popen(
            [*arguments, *after, *_OUTPUT],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pipesize=_PIPE_BYTES,
            cwd="/",
            env={},
        )
        self._late = False
        self._report = bytearray()
        self._drain = threading.Thread(target=self._read_report, daemon=True)
        self._clock = threading.Timer(seconds, self._kill_late)
        self._clock.daemon = True
        try:
            self._limit(int(seconds) + 1)
        except OSError:
            self._child.kill()
            self._child.wait()
            raise
        self._drain.start()
        self._clock.start()

    def _limit(self, seconds: int) -> None:
        for what, most in (
            (resource.RLIMIT_AS, _MEMORY_BYTES),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_FSIZE, 0),
        ):
            resource.prlimit(self._child.pid, what, (most, most))

    def _read_report(self) -> None:
        """Keep the beginning of what the child says and throw the rest away, so that it never blocks."""
        while block := self._child.stderr.read1(4096):
            self._report += block[: _REPORT_BYTES - len(self._report)]

    def _kill_late(self) -> None:
        self._late = True
        self._child.kill()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes of output; fewer only at the end. TooSlow when the time is over."""
        data = self._child.stdout.read(size)
        if self._late:
            raise TooSlow
        return data

    def blocks(self, size: int) -> Iterator[bytes]:
        """The rest of the output in blocks of `size` bytes."""
        while block := self.read(size):
            yield block

    def succeeded(self) -> bool:
        """After the output has ended: whether the child ended well. TooSlow when it had to be killed."""
        code = self._child.wait()
        self._drain.join()
        if self._late:
            raise TooSlow
        return code == 0

    def report(self) -> str:
        """The beginning of what the child wrote about its work; complete after `succeeded`."""
        return self._report.decode("utf-8", "replace")

    def __enter__(self) -> "Ffmpeg":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._clock.cancel()
        self._child.kill()
        self._child.wait()
        self._drain.join()
        self._child.stdout.close()
        self._child.stderr.close()


def claimed_ms(report: str) -> int | None:
    """The length in ms that the file's own header gives, None where ffmpeg guessed it from the bit rate."""
    found = _DURATION.search(report)
    if found is None or _GUESSED in report:
        return None
    hours, minutes, seconds, hundredths = (int(part) for part in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + hundredths * 10
