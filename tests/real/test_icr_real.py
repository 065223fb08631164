"""ICR of the real weighted table, which a model once answered with other numbers (domain.md 3, fifth entry)."""

import re
from pathlib import Path

from cells.ssot.state import read_state
from egspace.geometry import icr, tasks_from


def icr_of(text: str) -> float | None:
    return icr(tasks_from(fact.data for fact in read_state(text).facts if fact.kind == "task"))


def test_both_versions_of_the_table_give_the_formula_s_value(real_clone: Path) -> None:
    """The bundle holds the later version; the day before, by the demo's own page, IT-02 was half done."""
    later = (real_clone / "STATE/mna_state.md").read_text()
    row = re.search(r"^\| IT-02 .*$", later, re.MULTILINE)
    assert row is not None
    half = re.sub(r"\| *1\.0 *(\|[^|]*\|)$", r"| 0.5 \1", re.sub(r"\bdone\b", "in_prog", row[0]))
    assert icr_of(later.replace(row[0], half)) == 56.1
    assert icr_of(later) == 65.6
