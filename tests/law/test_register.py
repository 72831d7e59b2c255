"""The register of rules is whole: what is called done is enforced and proven, and nobody cites what is not there."""

import importlib

import pytest

from headend.domain.lawful.rules import enforcing
from headend.law import rulebook
from tests.support import law, law_matrix

BOOKS = rulebook.load_all()
RULES = {one.id: one for book in BOOKS.values() for one in book.rules.values()}
DONE = sorted(one.id for one in RULES.values() if one.status == "done")


def resolve(name: str):
    """What a dotted name points at."""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise LookupError(name)


@pytest.mark.parametrize("rule_id", DONE)
def test_every_rule_that_is_called_done_has_a_function_and_a_case(rule_id):
    assert enforcing().get(rule_id), "no function enforces it"
    assert law_matrix.stories_of()[rule_id] or law_matrix.marked()[rule_id], "no case proves it"


@pytest.mark.parametrize("name", sorted({one for some in enforcing().values() for one in some}))
def test_every_function_that_is_named_is_there(name):
    assert callable(resolve(name))


def test_nobody_cites_an_unknown_rule():
    assert set(enforcing()) <= set(RULES)
    assert set(law_matrix.marked()) <= set(RULES)
    assert {rule for story in law.stories() for rule in story.rules} <= set(RULES)


def test_no_function_enforces_what_is_not_called_done():
    assert {one for one in enforcing() if RULES[one].status != "done"} == set()


@pytest.mark.parametrize("book", BOOKS.values(), ids=list(BOOKS))
def test_every_rule_quotes_cites_and_explains(book):
    for rule in book.rules.values():
        assert rule.quote and rule.article and rule.gist and rule.classes <= {"Q4", "Q", "H"}
        assert rule.status == "done" or rule.why
        assert set(rule.settable) <= set(rule.numbers)


@pytest.mark.rule("C-10")
def test_the_draft_keeps_of_the_decision_what_it_does_not_change():
    draft, decision = BOOKS["D2021"], BOOKS["5133"]
    for kept in ("C-03", "C-04", "C-08", "T-08", "T-09", "T-14", "P-04"):
        assert draft.rules[kept] == decision.rules[kept]
    assert {"T-01", "T-02", "C-01", "C-02", "P-01"}.isdisjoint(draft.rules)


@pytest.mark.parametrize(("book", "area_class", "cap", "seconds"), [
    ("5133", "Q4", "T-02", 2700), ("5133", "Q", "T-05", 900), ("5133", "H", "T-07", 2700),
    ("D2021", "Q4", "T-05", 900), ("D2021", "Q", "T-05", 900), ("D2021", "H", "T-07", 2700),
])
def test_each_class_has_one_cap(book, area_class, cap, seconds):
    assert [(rule.id, most) for rule, most in BOOKS[book].caps(area_class)] == [(cap, seconds)]


def test_the_matrix_is_as_the_data_and_the_tests_are():
    """Made anew by `python -m tests.support.law_matrix`."""
    assert law_matrix.TARGET.read_text("utf-8") == law_matrix.render()
    assert law_matrix.PROOFS.read_text("utf-8") == law_matrix.figures()


def test_every_rule_that_is_called_done_tells_its_proofs_on_the_page():
    assert set(DONE) <= set(rulebook.proofs())
    assert all(one.cases + one.tests == one.passed > 0 for one in rulebook.proofs().values())
