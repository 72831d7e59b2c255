"""The golden vectors mean the same on CPython and on both MicroPythons."""

import json
from pathlib import Path

import pytest

from tests.support import vectors
from tests.support.twins import TWINS, run_on

RUNNER = Path(__file__).with_name("vectors_runner.py")


@pytest.fixture(scope="module", params=TWINS)
def results(request):
    return run_on(request.param, RUNNER)


def load(name: str) -> dict:
    return json.loads((vectors.FOLDER / name).read_text())


def test_the_vectors_in_the_tree_are_those_that_the_code_makes():
    for name, text in vectors.everything().items():
        assert (vectors.FOLDER / name).read_text() == text, f"{name}: run python -m tests.support.vectors"


def test_every_message_is_the_same_bytes_everywhere_and_every_wrong_one_is_refused(results):  # M-1 … M-5
    cases = load("messages.json")
    told = results["messages"]
    for case, outcome in zip(cases["right"] + cases["read"], told, strict=False):
        assert outcome == case.get("canonical", case["bytes"]), case["name"]
    for case, outcome in zip(cases["wrong"], told[-len(cases["wrong"]) :], strict=True):
        assert outcome.startswith("WireError: "), case["name"]


def test_every_sealed_order_gets_the_verdict_of_the_specification(results):  # S-1 … S-4, S-8, S-9
    cases = load("orders.json")["cases"]
    for case, outcome in zip(cases, results["orders"], strict=True):
        assert outcome == case["why"], case["name"]


def test_what_a_pole_tells_is_believed_only_under_its_key_and_for_its_purpose(results):
    cases = load("receipts.json")
    right = len(cases["right"])
    assert results["receipts"][:right] == [case["body"] for case in cases["right"]]
    assert all(outcome.startswith("WireError: ") for outcome in results["receipts"][right:])


def test_time_pings_are_the_same_bytes_and_wrong_answers_are_dropped(results):  # C-1
    cases = load("time.json")
    told = results["time"]
    assert told[:2] == [cases["request"], cases["answer"]]
    assert told[2] == [cases["nonce"], cases["received_us"], cases["sent_us"]]
    assert len(told) == 3 + len(cases["wrong"]) + len(cases["wrong_requests"])
    assert all(outcome.startswith("WireError: ") for outcome in told[3:])


def test_a_seal_is_checked_in_short_steps(results):
    whole_us, step_us = results["verify_us"]
    assert step_us < whole_us / 4, "one step does most of the work: a pole would stutter"
    assert whole_us < 50_000
