"""Thousands of lives of one pole in one process: what was sealed rightly is reckoned once. MicroPython only."""

import hashlib

from protocol import seal


class Seals:
    """What was found right, by everything that it hangs on. It was checked in the pole's own way; what is wrong is
    checked each time.
    """

    right = {}
    keys = {}
    verify_steps = seal.verify_steps
    open_keys = seal.open_keys

    @staticmethod
    def steps(sealed, modulus):
        seen = (sealed.kid, bytes(sealed.signature), hashlib.sha256(sealed.body).digest(), modulus)
        if seen not in Seals.right:
            for _ in Seals.verify_steps(sealed, modulus):
                yield
            Seals.right[seen] = True

    @staticmethod
    def opened(raw, root_modulus, oldest):
        seen = (raw, root_modulus, oldest)
        if seen not in Seals.keys:
            Seals.keys[seen] = Seals.open_keys(raw, root_modulus, oldest)
        return Seals.keys[seen]


def install():
    """From now on."""
    seal.verify_steps = Seals.steps
    seal.open_keys = Seals.opened
