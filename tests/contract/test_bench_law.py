"""`loa bench law` measures what it says it measures, here on a small city."""

import argparse

from simulator.bench import law

FIGURES = {"communes", "clusters", "sessions", "checks", "check_ms_p50", "check_ms_p99", "compile_city_seconds",
           "growth", "fill_seconds"}


def test_a_question_costs_what_it_touches_and_not_what_the_city_holds():
    found = law.run(argparse.Namespace(communes=8, clusters=20, checks=120, seed=2))
    assert set(found) == FIGURES
    assert (found["communes"], found["clusters"], found["sessions"]) == (8, 160, 8 * 470)
    assert found["growth"]["communes"] == 8
    assert found["growth"]["check"] < 3  # eight times as much lies there; what reads it all takes eight times as long
    assert found["growth"]["compile_a_commune"] < 3
