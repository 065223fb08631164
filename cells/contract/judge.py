"""From a case to a verdict: pure, total, and the same answer for the same case.

Text of the proposal (title, branch, kind, rationale) is looked at by rules that ask for a person;
nothing in it can take a reason away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from cells.contract.case import CATEGORIES, Case, Decision, Reason, Risk, Verdict
from cells.contract.policy import Category, Contract, Rule, default
from cells.contract.rules.paths import fits, fits_exactly, ordinary
from cells.contract.rules.registry import RULES
from cells.contract.seen import Seen, look, touched
from cells.sentences import Sentence, sentence

_RISKS: tuple[Risk, ...] = ("LOW", "MEDIUM", "HIGH")
_ASKS: dict[str, Decision] = {
    "review": "REVIEW_REQUIRED",
    "archive": "ARCHIVE_CANDIDATE",
    "note": "AUTO_MERGE_OK",
}
_MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class _Said:
    """A reason with the risk it carries; `failed` is true of a rule that broke down."""

    reason: Reason
    risk: Risk
    failed: bool = False


def judge(case: Case, contract: Contract | None = None) -> Verdict:
    """The contract's answer. Never raises: whatever goes wrong is a reason that asks for a person."""
    policy = contract or default()
    try:
        return _judged(case, policy)
    except Exception as error:
        why = sentence(
            "The contract could not look at this proposal (%(error)s), so a person decides.",
            error=type(error).__name__,
        )
        return Verdict("REVIEW_REQUIRED", "other", "HIGH", (_review("contract", why),), policy.version)


def _judged(case: Case, policy: Contract) -> Verdict:
    category, by_category, alone = _category(case, policy)
    seen = look(case, policy.work, policy.lanes, alone)
    said = [*_contract(policy), by_category]
    for name, rule in policy.rules.items():
        said += _of(name, rule, seen, policy.work["reasons_per_rule"])
    risk = _RISKS[max((_RISKS.index(one.risk) for one in said if _asks(one)), default=0)]
    decision = _decision(said, risk)
    if decision == "ARCHIVE_CANDIDATE":
        category = "sample-archive" if category.startswith("sample-") else "stale-or-obsolete"
    return Verdict(decision, category, risk, tuple(one.reason for one in said), policy.version)


def _decision(said: list[_Said], risk: Risk) -> Decision:
    """Pointless goes before doubtful, except that age alone does not hide what is dangerous."""
    archive = {one.reason.rule for one in said if one.reason.decision == "ARCHIVE_CANDIDATE"}
    if any(one.failed for one in said) or (archive == {"stale"} and risk == "HIGH"):
        return "REVIEW_REQUIRED"
    if archive:
        return "ARCHIVE_CANDIDATE"
    return "REVIEW_REQUIRED" if risk != "LOW" or any(map(_asks, said)) else "AUTO_MERGE_OK"


def _asks(one: _Said) -> bool:
    return one.reason.decision == "REVIEW_REQUIRED"


def _contract(policy: Contract) -> Iterator[_Said]:
    if policy.why:
        why = sentence("The contract cannot be used, so a person decides. %(why)s", why=policy.why)
        yield _Said(_review("contract", why), "MEDIUM", failed=True)


def _of(name: str, rule: Rule, seen: Seen, most: int) -> list[_Said]:
    """What one rule says, at most `most` reasons and a count of the rest."""
    if rule.says == "off":
        return []
    try:
        found = list(islice(RULES[name](seen, rule.params), _MOST_COUNTED))
    except Exception as error:
        why = sentence(
            "The rule %(rule)s failed on this proposal (%(error)s), so a person decides.",
            rule=name,
            error=type(error).__name__,
        )
        return [_Said(_review(name, why), "MEDIUM", failed=True)]
    if not found:
        return []
    asks = _ASKS[rule.says]
    reasons = [Reason(name, place, why, asks) for place, why in found[:most]]
    if len(found) > len(reasons):
        more = sentence("There are %(count)s more like this.", count=len(found) - len(reasons))
        reasons.append(Reason(name, "", more, asks))
    return [_Said(reason, rule.risk) for reason in reasons]


def _review(rule: str, why: Sentence) -> Reason:
    return Reason(rule, "", why, "REVIEW_REQUIRED")


def _category(case: Case, policy: Contract) -> tuple[str, _Said, frozenset[str]]:
    """The proposal's category by its paths, what that category allows, and the paths that may land without a person."""
    other = next(one for one in policy.categories if one.name == "other")
    places = {path: _home(path, policy, other) for path in touched(case)}
    alone = frozenset(path for path, home in places.items() if home.decision == "AUTO_MERGE_OK")
    return (*_allowed(case, policy, list(places.values()) or [other]), alone)


def _allowed(case: Case, policy: Contract, homes: list[Category]) -> tuple[str, _Said]:
    """The first of these categories, and what all of them allow. Those of the cells can only be stricter."""
    category = min(homes, key=policy.categories.index)
    strict = [home for home in homes if home.decision != "AUTO_MERGE_OK"]
    if strict:
        first = next((home for home in strict if home.decision == "REVIEW_REQUIRED"), strict[0])
        return category.name, _Said(Reason("category", "", _says(category), first.decision), category.risk)
    restricting = _restricting(case, policy)
    if restricting:
        name = restricting if restricting in CATEGORIES else "other"
        return name, _Said(_review("category", _says_cell(case, restricting)), "LOW")
    return category.name, _Said(Reason("category", "", _says(category), "AUTO_MERGE_OK"), "LOW")


def _home(path: str, policy: Contract, other: Category) -> Category:
    # `reports/../STATE/x` is not under reports/, whatever it begins with.
    if not ordinary(path):
        return other
    return next((one for one in policy.categories if _holds(one, path)), other)


def _holds(category: Category, path: str) -> bool:
    # `Reports/` may be the same folder on one machine and another on the next: it is protected, and allowed nothing.
    match = fits_exactly if category.decision == "AUTO_MERGE_OK" else fits
    return match(path, category.paths)


def _restricting(case: Case, policy: Contract) -> str:
    """The first contract of its cells that asks for a person, or ""."""
    allowed = {one.name for one in policy.categories if one.decision == "AUTO_MERGE_OK"}
    named = (case.cell_contract, *case.cell_contracts)
    return next((one for one in named if one and one not in allowed), "")


def _says_cell(case: Case, contract: str) -> Sentence:
    if contract == case.cell_contract:
        return sentence(
            "The cell %(cell)s has the contract %(category)s, which asks for a person.",
            cell=case.cell,
            category=contract[:40],
        )
    return sentence(
        "A cell that it touches has the contract %(category)s, which asks for a person.",
        category=contract[:40],
    )


def _says(category: Category) -> Sentence:
    if category.decision == "AUTO_MERGE_OK":
        return sentence(
            "Every path is one of the category %(category)s, which may land without a person.",
            category=category.name,
        )
    return sentence("Proposals of the category %(category)s are decided by a person.", category=category.name)
