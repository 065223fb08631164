"""The documents say what the code says."""

from __future__ import annotations

from pathlib import Path

from cells.patches import life

ROOT = Path(__file__).resolve().parent.parent
CONCEPTS = ROOT / "docs" / "concepts.md"


def diagram() -> str:
    """The life of a patch as Mermaid draws it. What workers do stands in brackets."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for verb, step in life.LIFE.items():
        for source in sorted(step.sources, key=life.STATES.index):
            label = verb if step.whose == life.PERSON else f"({verb})"
            arrows.setdefault((source, step.target), []).append(label)
    order = sorted(arrows, key=lambda ends: life.STATES.index(ends[0]))
    lines = [f"    {source} --> {target}: {', '.join(arrows[source, target])}" for source, target in order]
    begin = f"    [*] --> {life.PROPOSED}: (propose)"
    return "\n".join(["```mermaid", "stateDiagram-v2", begin, *lines, "```"])


def test_the_life_of_a_patch_is_drawn_as_it_is() -> None:
    assert diagram() in CONCEPTS.read_text(), f"docs/concepts.md has to show\n\n{diagram()}"
