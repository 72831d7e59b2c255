"""docs/walk.md tells the truth: every file and name that it points at is there, and it keeps its promise of eight."""

import ast
import re

import pytest

from tests.support.project import ROOT

WALK = (ROOT / "docs" / "walk.md").read_text()
ANCHORS = re.findall(r"`([\w/.]+\.py)::(\w+)`", WALK)


def names_in(path):
    """Every function, class and top-level variable of a file."""
    tree = ast.parse(path.read_text())
    found = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {one.id for one in targets if isinstance(one, ast.Name)}
    return found


@pytest.mark.parametrize(("file", "name"), ANCHORS)
def test_an_anchor_of_the_walk_is_there(file, name):
    assert name in names_in(ROOT / file)


def test_the_way_out_takes_eight_steps_and_the_way_back_five():
    out, back = WALK.split("## And back")
    steps = [len(re.findall(r"^\d+\. ", part, re.MULTILINE)) for part in (out, back)]
    assert steps == [8, 5]
    assert len(ANCHORS) >= 13


def test_the_readme_points_only_at_what_is_there():
    readme = (ROOT / "README.md").read_text()
    targets = re.findall(r"\]\(([^)#:]+)\)", readme)
    assert targets
    assert [one for one in targets if not (ROOT / one).exists()] == []
