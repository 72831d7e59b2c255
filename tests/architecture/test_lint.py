"""The linter has nothing to say (its rules: pyproject.toml)."""

import subprocess
import sys

from tests.support.project import ROOT


def test_the_linter_is_content():
    command = [sys.executable, "-m", "ruff", "check", "--output-format=concise", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
