"""Many globs at once say what each of them says alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.contract.globs import Globs
from cells.contract.policy import default
from cells.evidence.globs import glob

PARTS = st.sampled_from(["**", "*", "a", "b.md", "*.md", ".*", "*.{md,py}", "{a,b}", "a*", "[ab]", "a.c", ""])
PATTERNS = st.lists(st.lists(PARTS, min_size=1, max_size=4).map("/".join), max_size=5)
PATHS = st.lists(
    st.sampled_from(["a", "b", "b.md", "x.py", ".x", "abc", "A.md", "a\nb.md", ""]), min_size=1, max_size=4
)


@settings(max_examples=150, deadline=None)
@given(PATTERNS, PATHS.map("/".join))
def test_a_list_matches_when_one_of_its_globs_does(patterns: list[str], path: str) -> None:
    assert Globs(patterns).match(path) == any(glob(one).matches(path) for one in patterns)


@pytest.mark.parametrize(
    "path",
    [
        "contract.toml", "a/contract.toml", ".github/workflows/x.yml", ".github", "infra/k8s/app.yaml", "a/b.py",
        "reports/sample_1.md", "reports/a/sample_1.md", "samples/x", "README.md", "docs/a.md", "STATE/x.md", "a/.env",
        "a/.b/c", "reports/a.json", "Makefile", "x/Makefile.am", "src", "nothing/of/that.txt", "",
    ],
)  # fmt: skip
def test_every_list_of_the_default_contract_reads_as_its_globs_do(path: str) -> None:
    lists = [
        *(one.paths for one in default().categories),
        default().rules["protected"].params["paths"],
        default().rules["evidence-kept"].params["paths"],
    ]
    for patterns in lists:
        assert Globs(patterns).match(path) == any(glob(one).matches(path) for one in patterns)


def test_an_empty_list_matches_nothing() -> None:
    assert not Globs(()).match("a")
    assert not Globs(()).match("")
