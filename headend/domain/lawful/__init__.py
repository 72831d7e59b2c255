"""May this session go on air? One function per rule, each wearing the rule's id; every refusal cites its clause.

`judge` decides, from a `Case` that holds all it looks at. The rules are in `of_time`, `of_content` and `of_place`;
`pole` compiles what a pole keeps by itself.
"""

from headend.domain.lawful.judge import SEARCH_DAYS, judge, mended_by_time, with_slots
from headend.domain.lawful.of_content import approver_refusal
from headend.domain.lawful.proposal import Air, Case, Item, Kind, Law, Near, OnAir, Proposal
from headend.domain.lawful.verdict import Finding, Unconfirmed, Unlawful, Verdict

__all__ = ["SEARCH_DAYS", "Air", "Case", "Finding", "Item", "Kind", "Law", "Near", "OnAir", "Proposal", "Unconfirmed",
           "Unlawful", "Verdict", "approver_refusal", "judge", "mended_by_time", "with_slots"]
