"""Decodes a file of IMA blocks and one of mu-law on whatever interpreter it is started with; prints SHA-256 of the
samples.
"""

import hashlib
import json
import sys

sys.path.insert(0, sys.argv[1])

from firmware.app import codec_ima, codec_mulaw  # noqa: E402
from firmware.app.volume import gain_of, loudest, scale  # noqa: E402

summed = hashlib.sha256()
quieter = hashlib.sha256()
mulaw = hashlib.sha256()
peaks = []
out = bytearray(1017 * 2)
with open(sys.argv[2], "rb") as file:
    while True:
        block = file.read(512)
        if not block:
            break
        codec_ima.decode(block, out, 1017, codec_ima.STEPS)
        summed.update(out)
        scale(out, 1017, gain_of(-12), gain_of(-3))
        quieter.update(out)
        peaks.append(loudest(out, 1017))
with open(sys.argv[3], "rb") as file:
    while True:
        block = file.read(512)
        if not block:
            break
        codec_mulaw.decode(block, out, len(block))
        mulaw.update(out[: len(block) * 2])
print(
    json.dumps(
        {
            "ima": summed.digest().hex(),
            "mulaw": mulaw.digest().hex(),
            "quieter": quieter.digest().hex(),
            "peaks": peaks,
            "gains": [gain_of(-step) for step in range(121)],
        }
    )
)
