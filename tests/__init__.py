"""The tests: one folder per tier, see tests/conftest.py."""
