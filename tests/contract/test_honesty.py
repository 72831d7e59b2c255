"""Without its program a tier is reported as not run; where a machine judges the result, that is a failure."""

import os
import subprocess
import sys

import pytest

from tests.support.project import ROOT

pytestmark = pytest.mark.slow

TWIN = "tests/twin/test_runtimes.py"
NOTHING_IS_HERE = "import simulator.programs\nsimulator.programs.find = lambda name: None\n"


def run_on_a_bare_machine(tmp_path, file, *tiers, **environment):
    """pytest's (exit code, output) where none of our programs is there."""
    (tmp_path / "bare_machine.py").write_text(NOTHING_IS_HERE)
    clean = {name: text for name, text in os.environ.items() if name != "CI"}
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    options = ["-p", "bare_machine", "-p", "no:cacheprovider", "--account", *(f"--tier={tier}" for tier in tiers)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, file],
        cwd=ROOT,
        env={**clean, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


def test_on_a_desk_it_is_said(tmp_path):
    code, output = run_on_a_bare_machine(tmp_path, TWIN, "twin")
    assert code == 0, output
    assert "twin: did not run: micropython is missing; needed is micropython 1.25" in output
    assert "3 skipped" in output.splitlines()[-1]


def test_in_ci_it_is_a_failure(tmp_path):
    code, output = run_on_a_bare_machine(tmp_path, TWIN, "twin", CI="true")
    assert code == 1, output
    assert "micropython is missing; needed is micropython 1.25" in output
    assert "passed" not in output.splitlines()[-1]


def test_in_ci_a_tier_without_tests_is_a_failure_though_all_others_pass(tmp_path):
    file = "tests/unit/test_tiers.py"
    assert run_on_a_bare_machine(tmp_path, file, "unit", CI="true")[0] == 0
    assert run_on_a_bare_machine(tmp_path, file, "unit", "law")[0] == 0
    code, output = run_on_a_bare_machine(tmp_path, file, "unit", "law", CI="true")
    assert code == 1, output
    assert "law: did not run: no test was selected" in output
