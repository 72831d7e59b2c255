"""The contract between the head-end and its poles: bytes, topics, limits on air, seals, receipts.

One source, run unchanged by CPython (>= 3.11) and MicroPython (>= 1.25); `SPEC.md` says in words what it
does.
"""
