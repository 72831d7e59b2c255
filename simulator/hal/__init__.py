"""The pole's hardware as far as a PC can be it: `firmware/hal/contract.md` for unix MicroPython and
CPython.
"""
