"""The law over HTTP: the rulebook, what binds a place, what directives lift."""

import re
from datetime import date

import pytest

from headend.domain.charter import Regime, Setting, StationCharter
from tests.support import console as console_
from tests.support.console import AUTHOR, RURAL, WARD


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with console_.served(console_.build(tmp_path_factory.mktemp("law"))) as console:
        yield console


@pytest.fixture
def author(console):
    with console.client(AUTHOR) as client:
        yield client


def rule_of(page: str, rule: str) -> str:
    """The part of the rulebook that tells of one rule."""
    return re.search(rf'<article class="rule" id="{rule}".*?</article>', page, re.DOTALL)[0]


def test_the_rulebook_holds_every_rule_of_both_sets_with_its_quote_and_marks(console, author):
    for book in console.ports.books.values():
        page = author.get("/law", params={"set": book.id}).text
        assert re.findall(r'<article class="rule" id="([A-Z]-\d+)"', page) == list(book.rules)
        for rule in book.rules.values():
            told = rule_of(page, rule.id)
            assert ("chưa kiểm chứng" in told) == (not (rule.verified and rule.text.verified)), rule.id
            assert rule.quote[:20] in told and rule.gist[:20] in told
            assert ("có thể nới" in told) == rule.liftable
    assert author.get("/law", params={"set": "9999"}).status_code == 404


def test_the_rulebook_says_which_set_binds_and_which_communes_have_another(console, author):
    with console.ports.db() as db:
        db.put_regime(Regime(RURAL, date(2026, 1, 5), "5133", "theo đề nghị của xã"))
        db.put_charter(StationCharter(WARD, date(2026, 1, 1), settings=(
            Setting("C-08", "music_percent", 20, "dân phản ánh nhiều nhạc"),)))
    own = author.get("/law").text
    assert "đang áp dụng bộ <strong>D2021</strong>" in own and "là bộ mặc định" in own
    assert re.search(r"20 %</b>.*thường là 30 %.*dân phản ánh nhiều nhạc", rule_of(own, "C-08"))
    with console.client(f"phatthanh-{RURAL}") as there:
        page = there.get("/law").text
        assert "đang áp dụng bộ <strong>5133</strong>" in page and "05/01/2026" in page and 'id="T-02"' in page
    with console.client("canbo") as staff:
        page = staff.get("/law").text
        assert "Xã Bát Tràng</a>: bộ 5133 từ 05/01/2026" in page and "theo đề nghị của xã" in page
        assert "20 %" in rule_of(staff.get("/law", params={"commune": WARD}).text, "C-08")
    assert author.get("/law", params={"commune": RURAL}).status_code == 403
