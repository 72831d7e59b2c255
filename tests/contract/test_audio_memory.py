"""An hour of sound must not need an hour of memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sounds import ffmpeg, noise, recorded, tune

MOST_MB = 250
JOB = """
import json, re, resource, sys, time
from pathlib import Path
from headend.adapters import audio

def own_mb():
    # Not ru_maxrss: that also counts what the parent held when it made this process.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

times, out = {}, Path(sys.argv[2])
def timed(name, work, *given):
    started = time.monotonic()
    result = work(*given)
    times[name] = round(time.monotonic() - started, 1)
    return result

made = timed("prepare", audio.prepare, Path(sys.argv[1]), out)
programme = timed("join", audio.join, [made.path], out / "programme.wav")
media = timed("encode", audio.encode, programme.path, out)
timed("waveform", audio.media_waveform, out / media.digest, 600)
child_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps({"own": own_mb(), "child": child_mb, "seconds": times,
                  "ms": made.duration_ms, "lufs": made.loudness_lufs, "peak": made.true_peak_db}))
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_hour_from_upload_to_poles_stays_under_the_memory_limit(tmp_path):
    """The longest upload allowed, as a 128 kbit/s MP3 in stereo; the child is the largest ffmpeg."""
    bit = recorded(tmp_path / "bit.mp3", tune(59) + noise(59, 500), "-b:a", "128k")
    ffmpeg("-stream_loop", "-1", "-i", bit, "-t", "3599", "-c", "copy", tmp_path / "hour.mp3")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", JOB, str(tmp_path / "hour.mp3"), str(tmp_path / "out")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=550)
    measured = json.loads(done.stdout)
    print(measured)
    assert measured["ms"] == pytest.approx(3_599_000, abs=1000)
    assert measured["own"] + measured["child"] < MOST_MB
