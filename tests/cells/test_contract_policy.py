"""contract.toml: what a repository may set, and what it is told when it cannot."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.contract import policy
from cells.contract.policy import ContractBroken, parse


def test_an_empty_file_is_the_default() -> None:
    own = parse("")
    assert own.rules == policy.default().rules
    assert own.version == policy.default().version


def test_a_version_changes_with_the_file_and_with_the_default_under_it() -> None:
    below = Path(policy.__file__).with_name("contract.toml").read_bytes()
    own = b"[rules.shrink]\nratio = 0.5\n"
    assert policy.default().version == sha256(below).hexdigest()[:12]
    assert parse(own.decode()).version == sha256(below + own).hexdigest()[:12]


def test_a_file_changes_only_what_it_names() -> None:
    own = parse('[rules.shrink]\nratio = 0.5\n[categories.docs]\ndecision = "AUTO_MERGE_OK"\n')
    assert dict(own.rules["shrink"].params) == {"ratio": 0.5, "lines": 8}
    assert own.rules["shrink"].says == "review"
    assert [one.name for one in own.categories] == [one.name for one in policy.default().categories]


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        ('[rules.shrnk]\nsays = "off"', 1, "rules.shrnk"),
        ("[rules.shrink]\n\nratoi = 0.5", 3, "rules.shrink.ratoi"),
        ("[rules.shrink]\nratio = -1", 2, "rules.shrink.ratio"),
        ('[rules.shrink]\nratio = "half"', 2, "rules.shrink.ratio"),
        ("[rules.size]\nbytes = true", 2, "rules.size.bytes"),
        ('[rules.secrets]\nsays = "off"', 2, "rules.secrets.says"),
        ('[rules.checks]\nsays = "note"', 2, "rules.checks.says"),
        ('[rules.stale]\nsays = "review"', 2, "rules.stale.says"),
        ("[categories.reports]\npaths = []", 1, "categories.reports"),
        ('[categories.docs]\npaths = "docs/**"', 2, "categories.docs.paths"),
        ('[categories.docs]\ndecision = "YES"', 2, "categories.docs.decision"),
        ("\nrules = 3", 2, "rules"),
        ("[lane.a]\npaths = []", 1, "lane"),
        ("[lanes.a]\npath = []", 2, "lanes.a.path"),
        ("[lanes.a]", 1, "lanes.a.paths"),
    ],
)  # fmt: skip
def test_a_wrong_name_or_value_is_named_with_its_line(text: str, line: int, name: str) -> None:
    with pytest.raises(ContractBroken) as broken:
        parse(text)
    assert (broken.value.sentence.params["line"], broken.value.sentence.params["name"]) == (line, name)


def test_what_is_not_toml_says_where() -> None:
    with pytest.raises(ContractBroken, match="line 2"):
        parse("[rules]\nx = = 1\n")
    with pytest.raises(ContractBroken):
        parse("x = " + "[" * 50_000)
    with pytest.raises(ContractBroken, match="shorten it"):
        parse("#" * 200_000)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from('[rules.shrink]\n="1_a{},').map(str), max_size=40).map("".join)
    )
)
def test_any_text_is_a_contract_or_a_sentence(text: str) -> None:
    with suppress(ContractBroken):
        parse(text)
