"""How long a pole takes to check one seal: instructions counted on the 32-bit build, and what that is on an ESP32.

    whole = (16 + 1) × squaring + once             both counted by stepping through (steps.py); 65537 = 2^16 + 1
    milliseconds = whole × 2.3 cycles / 240 MHz × 1000

Counted: every instruction that the 32-bit MicroPython executes on this machine for `protocol.seal.verify_steps`: big
integers in C with digits of 16 bits, as on the ESP32. Estimated: that an ESP32 takes as many, 2.3 cycles each (the
calibration of its big integers on published benchmark scores; such estimates were within ±40 %). The same arithmetic,
counted under emulation of an ESP32, took 12.4 million instructions for RSA-2048: about 120 ms. It differs by some 10 %
from key to key, because long division does.
"""

import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from protocol import messages, seal
from simulator.bench import Unmeasurable
from simulator.bench.steps import NotCounted, count_steps
from simulator.runtime import ROOT, NoRuntime, cross_compile, find_runtime

RUNNER = Path(__file__).with_name("verify_runner.py")
CORE_HZ = 240_000_000
CYCLES_PER_INSTRUCTION = 2.3
ORDER_BITS = 2048  # of an order's signature


def count(bits: int = ORDER_BITS) -> int:
    """Instructions of one check; Unmeasurable where processes can not be stepped through."""
    key = rsa.generate_private_key(65537, bits)
    body = seal.body(1, 0, 1, "g/all", messages.Stop(session="s"))
    signature = key.sign(seal.signed_bytes(1, body), padding.PKCS1v15(), hashes.SHA256())
    try:
        runtime = find_runtime("micropython-i386")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "signature").write_bytes(signature)
            Path(folder, "body").write_bytes(body)
            Path(folder, "modulus").write_bytes(key.public_key().public_numbers().n.to_bytes(bits // 8, "big"))
            package = Path(folder) / "protocol"
            package.mkdir()
            for source in sorted((ROOT / "protocol").glob("*.py")):
                cross_compile(source, package / f"{source.stem}.mpy", runtime.arch, source.name)
            counts = count_steps([*runtime.argv, str(RUNNER), folder, str(ROOT)])
    except (NoRuntime, NotCounted) as why:
        raise Unmeasurable(str(why)) from why
    if len(counts) != 2:
        raise Unmeasurable(f"{len(counts)} measurements came instead of 2")
    squaring, once = counts
    return (seal.EXPONENT_SQUARINGS + 1) * squaring + once


def milliseconds(instructions: int) -> float:
    """On an ESP32 at 240 MHz, estimated."""
    return 1000 * instructions * CYCLES_PER_INSTRUCTION / CORE_HZ
