"""Checks one signature on MicroPython, with marks (steps.py) around one squaring, and around what is done once.
`verify_runner.py FOLDER ROOT`; FOLDER holds protocol/*.mpy, signature, body and modulus.
"""

import sys

import ffi

sys.path[:] = [sys.argv[1], sys.argv[2], ".frozen"]

from protocol import seal  # noqa: E402

SIGUSR1 = 10
mark = ffi.open("libc.so.6").func("i", "raise", "i")


def read(name):
    """A file of the folder."""
    with open(sys.argv[1] + "/" + name, "rb") as file:
        return file.read()


def counted(act):
    """A stretch between two marks."""
    mark(SIGUSR1)
    act()
    mark(SIGUSR1)


def once():
    """What is around the squarings: the signature becomes a number, a number becomes bytes, a block is built."""
    number = int.from_bytes(sealed.signature, "big")
    return number.to_bytes(len(sealed.signature), "big") == seal.expected_block(sealed)


sealed = seal.Sealed(1, read("signature"), read("body"))
modulus = int.from_bytes(read("modulus"), "big")
for _ in seal.verify_steps(sealed, modulus):  # everything is looked up once; SealError if the seal is wrong
    pass
steps = seal.verify_steps(sealed, modulus)
next(steps)
counted(lambda: next(steps))
counted(once)
