"""Where two documents cannot both be right, and from where a service was never looked at."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from cells.evidence.claims import Claim, missing_evidence, standard_vantage, vantages_of
from cells.evidence.conflicts import Conflict, DatedClaim, conflicts_of, hours_apart

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
RUN = "apply_echo_dev_20260102T120000Z"


def dated(
    predicate: str,
    value: str,
    evidence: str,
    *,
    subject: str = "echo",
    vantage: str = "",
    minutes: float = 0,
    exact: bool = True,
) -> DatedClaim:
    unit = "%" if predicate == "success_rate" else ""
    claim = Claim(subject, predicate, value, unit, vantage, 1)
    return DatedClaim(claim, NOON + timedelta(minutes=minutes), evidence, exact)


def time(evidence: str, at: datetime, subject: str = RUN) -> DatedClaim:
    return DatedClaim(Claim(subject, "ts", f"{at:%FT%TZ}", "", "", 3, at), NOON + timedelta(days=9), evidence)


def kinds(*claims: DatedClaim) -> list[str]:
    return [conflict.kind for conflict in conflicts_of(claims)]


def test_ready_and_not_ready_from_two_places_within_an_hour_is_a_conflict() -> None:
    up = dated("ready", "True", "a.yaml", vantage="control plane")
    down = dated("ready", "False", "b.md", vantage="devbox", minutes=50)
    (found,) = conflicts_of([down, up])
    assert (found.kind, found.left, found.right) == ("availability", up, down)
    assert str(found.sentence) == (
        "echo is ready according to a.yaml (control plane), but not ready according to b.md (devbox) within the same hour."
    )


@pytest.mark.parametrize(("vantage", "minutes"), [("devbox", 61), ("control plane", 20)])
def test_a_service_may_change_later_or_as_one_place_sees_it(vantage: str, minutes: float) -> None:
    up = dated("ready", "True", "a.yaml", vantage="control plane")
    assert kinds(up, dated("ready", "False", "b.md", vantage=vantage, minutes=minutes)) == []


def test_two_outcomes_of_one_run_conflict_whenever_they_are_reported() -> None:
    well = dated("status", "success", "a.log", subject=RUN)
    ill = dated("status", "failed", "weekly.md", subject=RUN, minutes=9_000)
    (found,) = conflicts_of([ill, well])
    assert found.kind == "value"
    assert "a.log" in str(found.sentence)
    assert "weekly.md" in str(found.sentence)


def test_two_exit_codes_of_one_command_conflict_and_non_zero_is_any_of_them() -> None:
    name = "exit_code.apply"
    zero, one = dated(name, "0", "a.log", subject=RUN), dated(name, "1", "b.log", subject=RUN)
    unsaid = dated(name, "non-zero", "c.log", subject=RUN)
    assert kinds(zero, one) == ["value"]
    assert kinds(zero, unsaid) == ["value"]
    assert kinds(one, unsaid) == []


def test_the_last_word_of_a_document_counts() -> None:
    first, last = (
        DatedClaim(Claim(RUN, "status", value, "", "", line), NOON, "a.log")
        for value, line in (("failed", 1), ("success", 9))
    )
    assert kinds(first, last) == []
    assert kinds(first, last, dated("status", "success", "b.log", subject=RUN)) == []


def test_a_measurement_conflicts_only_with_one_of_the_same_moment_and_place() -> None:
    rate = dated("success_rate", "99", "a.md", vantage="devbox")
    assert kinds(rate, dated("success_rate", "80", "b.md", vantage="devbox")) == ["value"]
    assert kinds(rate, dated("success_rate", "80", "b.md", vantage="office")) == []
    assert kinds(rate, dated("success_rate", "80", "b.md", vantage="devbox", minutes=1)) == []
    assert kinds(rate, dated("success_rate", "80", "b.md", vantage="devbox", exact=False)) == []


def test_texts_statuses_of_cells_and_nameless_claims_never_conflict() -> None:
    for predicate in ("C", "understanding", "status", "manifest"):
        assert kinds(dated(predicate, "x", "a.md"), dated(predicate, "y", "b.md")) == []
    assert kinds(dated("decision", "x", "a.md", subject=""), dated("decision", "y", "b.md", subject="")) == []


def test_a_time_whole_hours_off_the_run_id_is_a_time_zone_conflict_that_names_both() -> None:
    wrong = time("STATE/current_state.md", NOON - timedelta(hours=9))
    (found,) = conflicts_of([wrong, time("reports/note.md", NOON)])
    assert (found.kind, found.right, found.left.at) == ("time-zone", wrong, NOON)
    assert str(found.sentence) == (
        f"The run {RUN} says 2026-01-02T12:00:00Z by its own id, but STATE/current_state.md says 2026-01-02T03:00:00Z:"
        " exactly 9 h apart, so one of them was written in another time zone. Correct the time in STATE/current_state.md."
    )


def test_two_documents_whole_hours_apart_conflict_when_the_id_names_no_zone() -> None:
    early, late = (
        time(f"{name}.md", NOON + timedelta(hours=hours), "deploy-7") for name, hours in (("a", 0), ("b", 9))
    )
    (found,) = conflicts_of([late, early])
    assert (found.kind, found.left, found.right) == ("time-zone", early, late)
    assert "9 h apart" in str(found.sentence)


@pytest.mark.parametrize(
    ("seconds", "hours"),
    [(3600, 1), (9 * 3600 + 1, 9), (14 * 3600, 14), (15 * 3600, 0), (0, 0), (1, 0), (9 * 3600 + 2, 0)],
)
def test_only_whole_hours_up_to_fourteen_are_a_time_zone(seconds: int, hours: int) -> None:
    assert hours_apart(NOON, NOON + timedelta(seconds=seconds)) == hours
    assert hours_apart(NOON + timedelta(seconds=seconds), NOON) == hours


def many() -> list[DatedClaim]:
    return [
        *(dated("ready", "True", f"{n}.yaml", vantage="control plane", minutes=n) for n in range(3)),
        *(dated("success_rate", str(n), f"{n}.md", vantage="devbox", minutes=n) for n in range(3)),
        *(dated("status", value, f"{value}.log", subject=RUN) for value in ("success", "failed", "failed ")),
        *(time(f"{n}.md", NOON - timedelta(hours=n)) for n in range(3)),
    ]


def test_the_order_of_claims_does_not_change_the_conflicts() -> None:
    def shown(conflict: Conflict) -> tuple[str, str]:
        return conflict.kind, str(conflict.sentence)

    expected = [shown(conflict) for conflict in conflicts_of(many())]
    assert [kind for kind, _ in expected] == ["availability"] * 3 + ["value"] * 2 + ["time-zone"] * 2
    for seed in range(5):
        shuffled = many()
        random.Random(seed).shuffle(shuffled)
        assert [shown(conflict) for conflict in conflicts_of(shuffled)] == expected


def test_thousands_of_claims_about_one_subject_are_compared_quickly() -> None:
    claims = [dated("ready", "True", f"{n}.yaml", vantage=f"v{n}", minutes=n) for n in range(4_000)]
    claims += [dated("success_rate", "0", f"{n}.md", vantage="devbox", minutes=n) for n in range(4_000)]
    claims += [time(f"{n}.md", NOON + timedelta(minutes=n), "echo") for n in range(4_000)]
    assert len(conflicts_of(claims)) >= 4_000


@pytest.mark.parametrize(
    ("written", "standard"),
    [
        ("control-plane", "control plane"), ("in-cluster", "in cluster"), ("cluster pod", "in cluster"),
        ("devbox", "outside"), ("outside the cluster", "outside"), ("outside", "outside"),
    ],
)  # fmt: skip
def test_a_named_place_is_outside_unless_it_says_cluster(written: str, standard: str) -> None:
    assert standard_vantage(written) == standard


def test_what_was_never_looked_at_is_named_and_asked_for() -> None:
    claims = [
        Claim("echo", "ready", "True", "", "control plane", 1),
        Claim("echo", "success_rate", "0", "%", "devbox", 1),
        Claim("other", "success_rate", "0", "%", "in cluster", 1),
    ]
    seen, missing = vantages_of(claims, "echo")
    assert (seen, missing) == (("control plane", "outside"), ("in cluster",))
    (said,) = missing_evidence("echo", missing)
    assert str(said) == (
        "Measure the success rate of echo from a pod inside the cluster, and name that place in the report."
    )
    assert vantages_of([], "echo") == ((), ("control plane", "in cluster", "outside"))
