"""swarm.toml: what is read, what is said about the rest, several files, and the way back."""

import contextlib
import dataclasses
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cells.ssot.swarm import (
    STAGES,
    CellSpec,
    ExecutorSpec,
    LaneSpec,
    MilestoneSpec,
    ProjectSpec,
    RelationSpec,
    Swarm,
    SwarmBroken,
    merge_swarms,
    read_swarm,
    write_swarm,
)
from cells.ssot.swarm_specs import MOST_PEOPLE, Consent

WHOLE = """
[swarm]
title = "Roastery"

[[projects]]
key = "roastery"
title = "The roastery"
state = "STATE/roastery/current_state.md"

[[lanes]]
key = "north-star"
title = "North Star"

[[cells]]
key = "hello-s5"
lane = "north-star"
project = "roastery"
title = "Hello"
north_star = "Answers at once"
state = "STATE/roastery/all.md#Hello S5"
memory = "data/memory.json#hello-s5"
evidence = ["reports/hello-s5/**"]
ask = ["update_north_star"]
contract = "north-star"
stage = "shelved"
owner = "mika"
cadence = "daily"
actions = { P3-1 = "draw it" }

[[cells]]
key = "セル-2"
lane = "north-star"

[[relations]]
from = "hello-s5"
to = "セル-2"
type = "watches"

[[executors]]
key = "local-mac"
may_write = true
where = "the desk"

[[milestones]]
key = "P3-1"
title = "Skeleton"
"""


def said(swarm: Swarm) -> list[str]:
    return [str(problem) for problem in swarm.problems]


def test_a_whole_file_is_read_without_problems() -> None:
    swarm = read_swarm(WHOLE, "swarm.toml")
    assert said(swarm) == []
    assert (swarm.title, swarm.origin, swarm.path) == ("Roastery", "declared", "swarm.toml")
    hello, second = swarm.cells
    assert (hello.state, hello.state_section) == ("STATE/roastery/all.md", "Hello S5")
    assert (hello.evidence, hello.ask, hello.stage) == (
        ("reports/hello-s5/**",),
        ("update_north_star",),
        "shelved",
    )
    assert hello.actions == {"P3-1": "draw it"}
    assert (hello.line, second.line, second.stage) == (14, 30, "active")
    assert swarm.relations == (RelationSpec("hello-s5", "セル-2", "watches"),)
    assert swarm.executors == (ExecutorSpec("local-mac", True, "the desk"),)
    assert swarm.milestones == (MilestoneSpec("P3-1", "Skeleton"),)


def test_a_file_that_does_not_parse_names_line_and_column_and_what_to_do() -> None:
    with pytest.raises(SwarmBroken) as broken:
        read_swarm('[swarm]\ntitle = "x"\nkey = \n', "swarm.toml")
    assert "line 3, column 7" in str(broken.value)
    assert "Correct that place" in str(broken.value.sentence)


def test_a_file_nested_too_deep_is_broken_and_not_fatal() -> None:
    with pytest.raises(SwarmBroken):
        read_swarm("a = " + "[" * 50_000, "swarm.toml")


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (
            'key = "a"\nlane = "x"\n[[cells]]\nkey = "a"\nlane = "x"',
            "[[cells]] “a” in swarm.toml is declared before",
        ),
        ('key = "a/b"\nlane = "x"', "[[cells]] number 1 in swarm.toml is left out: its key"),
        ('key = "a\\nb"\nlane = "x"', "[[cells]] number 1 in swarm.toml is left out: its key"),
        ('key = 3\nlane = "x"', "[[cells]] number 1 in swarm.toml is left out: its key"),
        ('key = "a"\nlane = "y"', "“y” is used in swarm.toml but not declared under [[lanes]]"),
        ('key = "a"', "“lane” of cells.a in swarm.toml is not used"),
        (
            'key = "a"\nlane = "x"\nproject = "p"',
            "“p” is used in swarm.toml but not declared under [[projects]]",
        ),
        (
            'key = "a"\nlane = "x"\ntitle = 3',
            "“title” of cells.a in swarm.toml is not used: it has to be of type string",
        ),
        ('key = "a"\nlane = "x"\ntitle = "a\\u0000b"', "“title” of cells.a in swarm.toml is shown without"),
        ('key = "a"\nlane = "x"\nstage = "gone"', "“stage” of cells.a in swarm.toml counts as “active”"),
        ('key = "a"\nlane = "x"\nstate = "../secret.md"', "“state” of cells.a in swarm.toml is left out"),
        ('key = "a"\nlane = "x"\nmemory = "/etc/passwd"', "“memory” of cells.a in swarm.toml is left out"),
        (
            'key = "a"\nlane = "x"\nevidence = ["ok/**", "a\\tb"]',
            "“evidence” of cells.a in swarm.toml is left out",
        ),
        ('key = "a"\nlane = "x"\nevidence = 3', "“evidence” of cells.a in swarm.toml is not used"),
        ('key = "a"\nlane = "x"\nactions = { P1 = 3 }', "“actions.P1” of cells.a in swarm.toml is not used"),
        *[
            (
                f'key = "a"\nlane = "x"\napprovals = {wrong}',
                f"“approvals” of cells.a in swarm.toml counts as {people}: it has to be a whole number from 1 to 9.",
            )
            for wrong, people in {'"2"': 2, "0": 2, "99": 9, "true": 2, "-1": 2, "1.5": 2, "[2]": 2}.items()
        ],
        (
            'key = "a"\nlane = "x"\ngoal_approvals = "all"',
            "“goal_approvals” of cells.a in swarm.toml counts as 2: it has to be a whole number from 0 to 9.",
        ),
        (
            'key = "a"\nlane = "x"\nowners = [1]',
            "“owners” of cells.a in swarm.toml holds something that is no user name",
        ),
        (
            'key = "a"\nlane = "x"\nowners = 1',
            "“owners” of cells.a in swarm.toml holds something that is no user name",
        ),
        (
            'key = "a"\nlane = "x"\nowners = ["a\\u0000da"]',
            "“owners” of cells.a in swarm.toml is shown without",
        ),
        (
            'key = "a"\nlane = "x"\ncolour = "red"',
            "[[cells]] has the key “colour”, which VPM does not know (seen: 1)",
        ),
        (
            'key = "a"\nlane = "x"\n[[relations]]\nfrom = "a"\nto = "b"',
            "The relation from “a” to “b” in swarm.toml is left out: there is no cell “b”.",
        ),
    ],
)
def test_whatever_is_wrong_is_one_sentence_and_the_rest_works(cell: str, sentence: str) -> None:
    text = f'[[lanes]]\nkey = "x"\n[[cells]]\n{cell}\n'
    swarm = read_swarm(
        text + ("" if "[[relations]]" in cell else '[[cells]]\nkey = "last"\nlane = "x"\n'), "swarm.toml"
    )
    assert len(said(swarm)) == 1
    assert said(swarm)[0].startswith(sentence)
    if "[[relations]]" not in cell:
        assert swarm.cells[-1].key == "last"
    assert {cell.lane for cell in swarm.cells} <= {lane.key for lane in swarm.lanes}


def test_who_has_to_agree_is_read_of_lanes_and_cells_and_a_text_is_one_owner() -> None:
    text = (
        '[[lanes]]\nkey = "x"\napprovals = 2\ngoal_approvals = 3\nowners = ["ada", "rin"]\n'
        '[[cells]]\nkey = "a"\nlane = "x"\nowners = "mio"\n'
    )
    swarm = read_swarm(text, "swarm.toml")
    assert said(swarm) == []
    assert swarm.lanes[0].consent == Consent(2, 3, ("ada", "rin"))
    assert swarm.cells[0].consent == Consent(1, 0, ("mio",))


def test_a_number_nobody_can_read_asks_for_two_people_and_not_for_one() -> None:
    swarm = read_swarm('[[lanes]]\nkey = "x"\napprovals = "many"\ngoal_approvals = -1\n', "swarm.toml")
    assert swarm.lanes[0].consent == Consent(2, 2, ())
    assert len(said(swarm)) == 2


@pytest.mark.parametrize(
    "text", ["cells = 3", "cells = [1, 2]", "swarm = 1", "lanes = {}", "[[cells]]", "[cells.a]"]
)
def test_wrong_shapes_are_sentences(text: str) -> None:
    swarm = read_swarm(text, "swarm.toml")
    assert swarm.cells == ()
    assert swarm.problems


def test_a_file_in_a_project_folder_belongs_to_that_project() -> None:
    swarm = read_swarm('[[cells]]\nkey = "a"\nlane = "cost"\n', "STATE/roastery/swarm.toml")
    assert swarm.cells[0].project == "roastery"
    assert swarm.projects == (ProjectSpec("roastery", "roastery", "STATE/roastery/current_state.md"),)
    assert swarm.lanes == (LaneSpec("cost", "Cost"),)


def test_merging_joins_what_one_file_alone_leaves_open() -> None:
    root = read_swarm('[[lanes]]\nkey = "x"\ntitle = "X"\n[[cells]]\nkey = "a"\nlane = "x"\n', "swarm.toml")
    other = read_swarm(
        '[[cells]]\nkey = "b"\nlane = "x"\n[[relations]]\nfrom = "b"\nto = "a"\ntype = "feeds"\n',
        "STATE/p/swarm.toml",
    )
    assert len(other.problems) == 2
    for merged in (merge_swarms([root, other]), merge_swarms([other, root])):
        assert said(merged) == []
        assert merged.relations == (RelationSpec("b", "a", "feeds"),)
        assert merged.lanes == (LaneSpec("x", "X"),)
        assert {cell.key for cell in merged.cells} == {"a", "b"}


def test_merging_keeps_the_first_of_two_equal_cells_and_says_so() -> None:
    files = [
        read_swarm(f'[[lanes]]\nkey = "x"\n[[cells]]\nkey = "a"\nlane = "x"\ntitle = "{n}"\n', f"{n}.toml")
        for n in "12"
    ]
    merged = merge_swarms(files)
    assert [cell.title for cell in merged.cells] == ["1"]
    assert said(merged) == ["[[cells]] “a” in 2.toml is declared before in 1.toml; the first one stays."]


def test_no_file_is_the_empty_swarm() -> None:
    assert merge_swarms([]).origin == "none"


KEYS = st.text(string.ascii_letters + string.digits + "_-日本é", min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t\"'\\"), max_size=30)
PATHS = st.lists(st.text(string.ascii_letters + "日本 *'\"-", min_size=1), min_size=1, max_size=3).map(
    "/".join
)
CONSENTS = st.builds(
    Consent,
    st.integers(1, MOST_PEOPLE),
    st.integers(0, MOST_PEOPLE),
    st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
)


@st.composite
def swarms(draw: st.DrawFn) -> Swarm:
    lanes = draw(
        st.lists(
            st.builds(LaneSpec, KEYS, TEXTS.filter(bool), CONSENTS),
            min_size=1,
            max_size=3,
            unique_by=lambda x: x.key,
        )
    )
    projects = draw(
        st.lists(
            st.builds(ProjectSpec, KEYS, TEXTS.filter(bool), st.just("") | PATHS),
            max_size=2,
            unique_by=lambda x: x.key,
        )
    )
    cell = st.builds(
        CellSpec,
        key=KEYS,
        lane=st.sampled_from([lane.key for lane in lanes]),
        project=st.sampled_from(["", *(project.key for project in projects)]),
        title=TEXTS,
        north_star=TEXTS,
        state=PATHS,
        state_section=TEXTS.filter(lambda text: not set(text) & set("\n\t")),
        memory=st.just("") | PATHS,
        evidence=st.lists(PATHS, max_size=3).map(tuple),
        ask=st.lists(TEXTS, max_size=2).map(tuple),
        contract=TEXTS,
        stage=st.sampled_from(STAGES),
        owner=TEXTS,
        cadence=TEXTS,
        actions=st.dictionaries(TEXTS.filter(lambda text: not set(text) & set("\n\t")), TEXTS, max_size=2),
        note=TEXTS,
        consent=CONSENTS,
        path=PATHS,
        line=st.integers(0, 99),
    )
    cells = draw(st.lists(cell, max_size=4, unique_by=lambda x: x.key))
    ends = st.sampled_from([cell.key for cell in cells]) if cells else st.nothing()
    relations = (
        draw(st.lists(st.builds(RelationSpec, ends, ends, TEXTS.filter(bool)), max_size=3, unique=True))
        if cells
        else []
    )
    return Swarm(
        title=draw(TEXTS),
        lanes=tuple(lanes),
        projects=tuple(projects),
        cells=tuple(cells),
        relations=tuple(relations),
        executors=tuple(
            draw(
                st.lists(
                    st.builds(ExecutorSpec, KEYS, st.booleans(), TEXTS), max_size=2, unique_by=lambda x: x.key
                )
            )
        ),
        milestones=tuple(
            draw(
                st.lists(
                    st.builds(MilestoneSpec, KEYS, TEXTS.filter(bool)), max_size=2, unique_by=lambda x: x.key
                )
            )
        ),
        origin=draw(st.sampled_from(["declared", "discovered"])),
    )


@given(swarms())
def test_what_is_written_reads_back_the_same(swarm: Swarm) -> None:
    back = read_swarm(write_swarm(swarm), "swarm.toml")
    assert said(back) == []
    for name in ("title", "lanes", "projects", "relations", "executors", "milestones"):
        assert getattr(back, name) == getattr(swarm, name)
    placed = tuple(
        dataclasses.replace(cell, path="swarm.toml", line=read.line)
        for cell, read in zip(swarm.cells, back.cells, strict=True)
    )
    assert back.cells == placed


@given(st.text())
def test_any_text_is_a_swarm_or_a_refusal(text: str) -> None:
    with contextlib.suppress(SwarmBroken):
        assert read_swarm(text, "swarm.toml").origin == "declared"


def test_a_discovered_swarm_says_in_the_file_where_its_cells_were_found() -> None:
    cell = CellSpec("a", "cost", path="docs/map.md", line=7)
    text = write_swarm(Swarm(lanes=(LaneSpec("cost", "Cost"),), cells=(cell,), origin="discovered"))
    assert "# found in docs/map.md, line 7" in text
