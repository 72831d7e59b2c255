"""What the head-end decides, and nothing else: no socket, no clock, no disk, no dice.

Imports `protocol` and `headend.law`.
"""
