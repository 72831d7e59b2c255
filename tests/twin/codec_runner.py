"""Decodes a file of IMA blocks on whatever interpreter it is started with; prints the SHA-256 of the samples."""

import hashlib
import json
import sys

sys.path.insert(0, sys.argv[1])

from firmware.app.codec_ima import STEPS, decode, gain_of, scale  # noqa: E402

summed = hashlib.sha256()
quieter = hashlib.sha256()
out = bytearray(1017 * 2)
with open(sys.argv[2], "rb") as file:
    while True:
        block = file.read(512)
        if not block:
            break
        decode(block, out, 1017, STEPS)
        summed.update(out)
        scale(out, 1017, gain_of(-12), gain_of(-3))
        quieter.update(out)
print(
    json.dumps(
        {
            "samples": summed.digest().hex(),
            "quieter": quieter.digest().hex(),
            "gains": [gain_of(-step) for step in range(121)],
        }
    )
)
