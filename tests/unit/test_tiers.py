"""Nothing is called green that did not run."""

from dataclasses import dataclass

from tests.tiers import PROGRAMS, QUICK, TIERS, account, tier_of


@dataclass
class Report:
    nodeid: str
    longrepr: object = None


def test_a_tier_that_ran_wholly_needs_no_line():
    assert account({"passed": [Report("tests/unit/test_x.py::test_y")]}, ["unit"]) == []


def test_a_failed_test_has_run():
    assert account({"failed": [Report("tests/unit/test_x.py::test_y")]}, ["unit"]) == []


def test_a_tier_without_any_test_is_named():
    assert account({"deselected": []}, ["law"]) == ["law: did not run: no test was selected"]


def test_a_tier_that_was_skipped_is_named_with_its_reasons():
    skipped = [
        Report("tests/twin/test_x.py::test_a", ("file", 1, "Skipped: micropython is missing")),
        Report("tests/twin/test_x.py::test_b", ("file", 1, "Skipped: micropython is missing")),
    ]
    assert account({"skipped": skipped}, ["twin"]) == ["twin: did not run: micropython is missing"]


def test_a_tier_that_ran_in_part_says_how_much_did_not():
    outcomes = {
        "passed": [Report("tests/contract/test_x.py::test_a")],
        "skipped": [Report("tests/contract/test_y.py::test_b", ("file", 1, "Skipped: mosquitto is missing"))],
    }
    assert account(outcomes, ["contract"]) == ["contract: 1 tests did not run: mosquitto is missing"]


def test_the_quick_tiers_are_tiers_and_every_tier_has_a_folder():
    assert set(QUICK) <= set(TIERS) == set(PROGRAMS)
    assert tier_of("tests/twin/test_x.py::test_a") == "twin"
