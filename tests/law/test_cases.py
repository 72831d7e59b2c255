"""The jurist's cases: each file a story, judged as `loa law check` judges it."""

import json
from collections import Counter

import pytest

from headend.cli import main
from headend.law import rulebook
from tests.support import law

STORIES = law.stories()
WRONG = sorted((law.CASES / law.WRONG).glob("*.json"))
NAMES = [f"{one.path.parent.name}/{one.path.stem}" for one in STORIES]


@pytest.mark.parametrize("story", STORIES, ids=NAMES)
def test_the_law_says_what_the_jurist_says(story):
    assert law.faults(story) == [], story.name


def test_every_finding_cites_rule_article_quote_and_says_a_sentence():
    seen = set()
    for story in STORIES:
        book = rulebook.load_all()[json.loads(story.raw).get("set", rulebook.DEFAULT_SET)]
        for verdict in law.judged(story.raw).values():
            for one in verdict.refusals + verdict.warnings:
                rule = book.rules[one.rule]
                assert (one.article, one.quote) == (rule.article, rule.quote), story.name
                assert one.message.endswith(".") and one.message[0].isupper(), story.name
                seen.add(one.rule)
    assert {"T-01", "T-02", "T-03", "T-04", "T-05", "T-07", "T-08", "T-14", "T-15", "C-01", "C-02", "C-03", "C-05",
            "C-06", "C-08", "P-04"} == seen


def test_there_are_enough_stories_and_no_two_of_one_name():
    assert len(STORIES) >= 120
    assert [name for name, count in Counter(one.name for one in STORIES).items() if count > 1] == []


@pytest.mark.parametrize("path", WRONG, ids=[one.stem for one in WRONG])
def test_a_wrong_file_is_answered_with_the_place_in_it(path, capsys):
    expected = json.loads(path.read_text("utf-8"))["expect_error"]
    assert main(["law", "check", str(path), "--json"]) == 2
    assert expected in json.loads(capsys.readouterr().out)["error"]


def test_the_exit_code_tells_whether_all_are_allowed(capsys):
    for story in STORIES[:40]:
        code = main(["law", "check", str(story.path), "--json"])
        verdicts = json.loads(capsys.readouterr().out)["verdicts"]
        assert code == (0 if all(one["allowed"] for one in verdicts) else 1)
