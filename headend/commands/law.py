"""Ask the law: judge a plan on paper, without a database.

`loa law check FILE --json` prints a verdict for each session of the plan, in the order of their start.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from headend.adapters import plan_file
from headend.cli import BadInput
from headend.domain.lawful import Finding, Proposal, Verdict
from headend.domain.lawful.day import judge_all
from headend.domain.times import hanoi


def add_arguments(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True, metavar="check")
    check = deeds.add_parser("check", help="judge the plan in a JSON file")
    check.add_argument("file", type=Path, metavar="FILE", help="the plan; - is standard input")
    check.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Exit 0 when every session is allowed, 1 when one is refused; BadInput where the file is wrong."""
    try:
        raw = sys.stdin.read() if str(args.file) == "-" else args.file.read_text("utf-8")
        plan = plan_file.read(raw)
    except (OSError, UnicodeError) as why:
        raise BadInput(f"{args.file}: {why}") from why
    except plan_file.PlanFault as why:
        raise BadInput(f"{args.file}: {why}") from why
    for place in plan.unknown:
        print(f"loa: {args.file}: {place}: unknown key, left aside", file=sys.stderr)
    judged = judge_all(plan.law, plan.proposals, plan.at)
    if args.json:
        print(json.dumps({"verdicts": [_verdict(*one) for one in judged]}, ensure_ascii=False))
    else:
        for one in judged:
            print(_told(*one))
    return 0 if all(verdict.allowed for _, verdict in judged) else 1


def _verdict(proposal: Proposal, verdict: Verdict) -> dict[str, Any]:
    return {"session": proposal.session, "allowed": verdict.allowed,
            "refusals": [_finding(one) for one in verdict.refusals],
            "warnings": [_finding(one) for one in verdict.warnings],
            "next_slots": [hanoi(one).isoformat() for one in verdict.next_slots],
            "lawful_clusters": list(verdict.lawful_clusters)}


def _finding(one: Finding) -> dict[str, Any]:
    return {"rule": one.rule, "item": one.item, "cluster": one.cluster, "article": one.article, "quote": one.quote,
            "message": one.message, "limit": one.limit, "actual": one.actual}


def _told(proposal: Proposal, verdict: Verdict) -> str:
    lines = [f"{proposal.session}  {hanoi(proposal.start_at):%d/%m/%Y %H:%M}  "
             f"{'được phép' if verdict.allowed else 'bị từ chối'}"]
    lines += [f"  {one.rule} {one.message} ({one.article}: “{one.quote}”)" for one in verdict.refusals]
    lines += [f"  lưu ý {one.rule} {one.message} ({one.article}: “{one.quote}”)" for one in verdict.warnings]
    if verdict.next_slots:
        lines.append("  giờ gần nhất: " + ", ".join(f"{hanoi(one):%H:%M %d/%m}" for one in verdict.next_slots))
    return "\n".join(lines)
