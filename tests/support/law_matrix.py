"""docs/law-matrix.md, and in figures headend/law/proofs.json: rule → quote → enforcing functions → cases → last result.

`python -m tests.support.law_matrix` runs the law's tests and writes it; a test holds the file to what it should say.
"""

import ast
import json
import sys
from collections import defaultdict
from dataclasses import dataclass

import pytest

from headend.domain.lawful.rules import enforcing
from headend.law import rulebook
from headend.law.rulebook import Rule
from tests.support import law
from tests.support.project import ROOT

TARGET = ROOT / "docs" / "law-matrix.md"
PROOFS = ROOT / "headend" / "law" / "proofs.json"  # the same in figures, for the page
TIERS_WITH_PROOFS = ("law", "property")
GROUPS = {"T": "Thời gian", "C": "Nội dung", "P": "Vị trí, nguồn điện, tình trạng", "S": "Thông tin nguồn và giám sát",
          "X": "An toàn thông tin", "E": "Đánh giá", "B": "Báo cáo", "O": "Tổ chức"}
STATUS = {"done": "đang áp dụng", "todo": "chưa làm", "exempt": "không áp dụng"}
FORCE = {"must": "bắt buộc", "warn": "cảnh báo", "report": "báo cáo"}
HEAD = """# Ma trận quy tắc

Được sinh ra từ dữ liệu và kết quả kiểm thử (`python -m tests.support.law_matrix`), không sửa tay.
Mỗi quy tắc: lời văn làm căn cứ → hàm thực thi → ca kiểm thử → kết quả lần chạy cuối. Ca là các tệp trong
`tests/law/cases`, đọc được mà không cần biết lập trình; kiểm thử là các hàm mang mã quy tắc.
Bộ `5133` là Quyết định đã ban hành; bộ `D2021` (mặc định) là dự thảo.

Số trong `limit` và `actual` của một lời từ chối: giây (T-02, T-05, T-07, khoảng lặng của T-03, thời lượng của T-08),
số buổi (T-03), thứ trong tuần (T-04: 5, so với 6 hoặc 7), phút trong ngày (giờ của T-03, T-08, T-15), phần trăm (C-08),
mét (T-14, P-05), số ngày đã qua (C-03).
"""
COLUMNS = """| Quy tắc | Bộ, địa bàn | Lời văn | Thực thi | Ca, kiểm thử | Kết quả |
|---|---|---|---|---|---|
"""
ITSELF = "tests/law/test_register.py::test_the_matrix_is_as_the_data_and_the_tests_are"


@dataclass(frozen=True)
class Row:
    """A rule as it stands in the sets that hold it, and what proves it."""

    rule: Rule
    sets: tuple[str, ...]
    functions: tuple[str, ...]
    stories: tuple[str, ...]
    tests: tuple[str, ...]


def rows() -> list[Row]:
    """One for each rule and wording: a rule that the sets word differently has two."""
    functions, stories, tests = enforcing(), stories_of(), marked()
    found: dict[tuple, tuple[Rule, list[str]]] = {}
    for set_, book in rulebook.load_all().items():
        for rule in book.rules.values():
            found.setdefault((rule.id, rule.quote, rule.article, rule.classes), (rule, []))[1].append(set_)
    return [Row(rule, tuple(sets), tuple(functions.get(rule.id, ())), tuple(stories[rule.id]), tuple(tests[rule.id]))
            for rule, sets in sorted(found.values(), key=lambda one: (list(GROUPS).index(one[0].id[0]), one[0].id))]


def stories_of() -> dict[str, list[str]]:
    """Rule id → names of the case files in which it is broken, or kept on purpose."""
    found: dict[str, list[str]] = defaultdict(list)
    for story in law.stories():
        for rule_id in story.rules:
            found[rule_id].append(f"{story.path.parent.name}/{story.path.stem}")
    return found


def marked() -> dict[str, list[str]]:
    """Rule id → "file::function" of the tests that wear it: `@pytest.mark.rule("B-02")`."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(path for tier in TIERS_WITH_PROOFS for path in (ROOT / "tests" / tier).glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for rule_id in _worn(node) if isinstance(node, ast.FunctionDef) else ():
                found[rule_id].append(f"{path.name}::{node.name}")
    return found


def _worn(function: ast.FunctionDef) -> list[str]:
    calls = [one for one in function.decorator_list if isinstance(one, ast.Call)]
    return [ast.literal_eval(argument) for call in calls if ast.unparse(call.func) == "pytest.mark.rule"
            for argument in call.args]


def render(failed: frozenset[str] = frozenset()) -> str:
    """The document; `failed` are names of stories and tests that did not pass in the last run."""
    parts, group = [HEAD], ""
    for row in rows():
        if row.rule.id[0] != group:
            group = row.rule.id[0]
            parts.append(f"\n## {GROUPS[group]}\n\n{COLUMNS}")
        parts.append(_line(row, failed))
    return "".join(parts)


def _line(row: Row, failed: frozenset[str]) -> str:
    rule = row.rule
    verified = "" if rule.verified and rule.text.verified else " **chưa kiểm chứng**"
    proofs = [*row.stories, *row.tests]
    good = sum(one not in failed for one in proofs)
    why = f": {rule.why}" if rule.why else ""
    result = f"{good}/{len(proofs)} đạt" if proofs else "—"
    functions = "<br>".join(f"`{one}`" for one in row.functions) or "—"
    cases = "<br>".join([f"{len(row.stories)} ca"] * bool(row.stories) + [f"`{one}`" for one in row.tests]) or "—"
    cells = [f"**{rule.id}** {FORCE[rule.force]}<br>{STATUS[rule.status]}{why}",
             f"{', '.join(row.sets)}<br>{', '.join(sorted(rule.classes))}",
             f"“{rule.quote}”<br>{rule.article}{verified}", functions, cases, result]
    return "| " + " | ".join(one.replace("|", "\\|") for one in cells) + " |\n"


def figures(failed: frozenset[str] = frozenset()) -> str:
    """The proofs of each rule that has any, as JSON: a line each."""
    lines = {}
    for row in rows():
        known = [*row.stories, *row.tests]
        if known:
            passed = sum(one not in failed for one in known)
            lines[row.rule.id] = {"cases": len(row.stories), "tests": len(row.tests), "passed": passed}
    return "{\n" + ",\n".join(f'  "{one}": {json.dumps(lines[one])}' for one in sorted(lines)) + "\n}\n"


class Results:
    """A pytest plugin that remembers which of the law's stories and tests failed."""

    def __init__(self) -> None:
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            file, _, name = report.nodeid.rpartition("/")[2].partition("::")
            function, _, parameter = name.partition("[")
            self.failed |= {f"{file}::{function}", parameter.rstrip("]")}


def main() -> int:
    """Run the law's tests and write what they say."""
    results = Results()
    tiers = [f"--tier={one}" for one in TIERS_WITH_PROOFS]
    code = pytest.main([*tiers, "-m", "law or rule", "-q", "--deselect", ITSELF], plugins=[results])
    TARGET.write_text(render(frozenset(results.failed)), "utf-8")
    PROOFS.write_text(figures(frozenset(results.failed)), "utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
