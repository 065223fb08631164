"""Statements read from evidence, and where they cannot both be true."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.evidence.assign import CellMatch
from cells.evidence.claims import Claim, claims_of
from cells.evidence.conflicts import DatedClaim, conflicts_of

ECHO = (CellMatch("metrics-echo", "path"),)
SERVICE = """
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  annotations:
    note: |
      {"metadata":{"name":"wrong"}}
  name: metrics-echo
spec:
  template:
    metadata:
      name: metrics-echo-00001
status:
  conditions:
  - lastTransitionTime: "2025-11-10T01:54:13Z"
    status: "False"
    type: ConfigurationsReady
  - lastTransitionTime: "2025-11-10T01:54:18Z"
    status: "True"
    type: Ready
  url: http://metrics-echo.example
"""
NOON = datetime(2025, 11, 17, 12, tzinfo=UTC)


def values(text: str, kind: str = "metric", cells: tuple[CellMatch, ...] = ECHO) -> dict[str, str]:
    return {claim.predicate: claim.value for claim in claims_of("r/x.md", text, kind, cells)}


def test_a_service_status_claims_ready_from_the_control_plane() -> None:
    assert claims_of("r/after.yaml", SERVICE, "status", ()) == (
        Claim("metrics-echo", "ConfigurationsReady", "False", "", "control plane", 17),
        Claim("metrics-echo", "ready", "True", "", "control plane", 20),
    )


def test_a_fenced_service_in_markdown_is_read_too() -> None:
    text = f"# Snapshot\n\n```yaml{SERVICE}```\n\nReady: no\n"
    assert values(text, "status")["ready"] == "True"


def test_type_may_stand_before_status_and_status_may_be_false() -> None:
    turned = SERVICE.replace('    status: "True"\n    type: Ready', '    type: Ready\n    status: "False"')
    assert values(turned, "status")["ready"] == "False"


def test_a_list_of_services_names_each() -> None:
    item = "\n".join(f"  {line}" for line in SERVICE.strip().splitlines()).replace(
        "  apiVersion", "- apiVersion", 1
    )
    listed = f"items:\n{item}\n{item.replace('metrics-echo', 'hello')}\n"
    found = claims_of("r/a.yaml", listed, "status", ECHO)
    assert [claim.subject for claim in found if claim.predicate == "ready"] == ["metrics-echo", "hello"]


def test_other_kinds_of_objects_claim_nothing() -> None:
    assert values(SERVICE.replace("kind: Service", "kind: Revision"), "status") == {}
    assert values(SERVICE.replace("serving.knative.dev", "apps"), "status") == {}


@pytest.mark.parametrize(
    ("line", "percent"),
    [
        ("SUCCESS_RATE=0%", "0"),
        ("- success_rate: 99.5 %", "99.5"),
        ("- 成功率 (HTTP 200): `0%`", "0"),
        ("- **Success Rate**: 29/30 (97%)", "96.6667"),
        ('  "success_rate": 0.9909,', "99.09"),
        ('  "success_rate_percent": 96,', "96"),
        ("- **Success Rate**: 0.967", "96.7"),
    ],
)
def test_a_success_rate_is_read_in_percent(line: str, percent: str) -> None:
    assert values(line)["success_rate"] == percent


@pytest.mark.parametrize(
    "line",
    ["| Success Rate | ≥99% |", "target success_rate ≥ 95%", "success_rate: 120 %", "success rate: 1/0"],
)
def test_a_target_or_nonsense_is_no_measurement(line: str) -> None:
    assert values(line) == {}


def test_requests_errors_and_the_vantage_point_belong_to_the_rate() -> None:
    text = "vantage: devbox\n- 成功率: 0%\n- リクエスト数 (total): `20`\n- エラー数 (non-200): `20`\n"
    assert claims_of("r/sli.md", text, "metric", ECHO) == (
        Claim("metrics-echo", "success_rate", "0", "%", "devbox", 2),
        Claim("metrics-echo", "requests", "20", "", "devbox", 3),
        Claim("metrics-echo", "errors", "20", "", "devbox", 4),
    )
    assert (
        claims_of("r/sli.md", "20 requests from the laptop\nsuccess_rate: 1 %", "metric", ECHO)[0].vantage
        == "laptop"
    )
    assert claims_of("r/sli.md", "success_rate: 1 %", "metric", ECHO)[0].vantage == "outside"


def test_a_rate_without_a_cell_and_a_template_claim_nothing() -> None:
    assert values("success_rate: 5 %", cells=()) == {}
    assert values("success_rate: 5 %", kind="template") == {}
    assert values("success_rate: 5 %", kind="report", cells=(CellMatch("metrics-echo", "text"),)) == {}


def dated(predicate: str, value: str, days: float = 0, subject: str = "metrics-echo") -> DatedClaim:
    unit = "%" if predicate == "success_rate" else ""
    claim = Claim(subject, predicate, value, unit, "control plane" if predicate == "ready" else "devbox", 1)
    return DatedClaim(claim, NOON + timedelta(days=days), f"r/{predicate}.md")


def test_ready_beside_failing_requests_is_a_conflict_that_names_both() -> None:
    (found,) = conflicts_of([dated("ready", "True", -1), dated("success_rate", "0")])
    assert str(found.sentence) == (
        "metrics-echo is ready according to r/ready.md (control plane), but only 0 % of its requests succeed"
        " according to r/success_rate.md (devbox)."
    )


@pytest.mark.parametrize(
    "claims",
    [
        [dated("ready", "True", -8), dated("success_rate", "0")],
        [dated("ready", "True"), dated("success_rate", "50.1")],
        [dated("ready", "False"), dated("success_rate", "0")],
        [dated("ready", "True", subject="hello"), dated("success_rate", "0")],
        [dated("success_rate", "0")],
    ],
)
def test_no_conflict_when_far_apart_healthy_or_about_another_subject(claims: list[DatedClaim]) -> None:
    assert conflicts_of(claims) == ()


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from([*SERVICE.splitlines(), "success_rate: 3%", "- ", "```", "kind: Service", "é"])),
    st.text(),
)
def test_any_text_can_be_asked_for_claims(lines: list[str], noise: str) -> None:
    for claim in claims_of("r/x", "\n".join([*lines, noise]), "report", ECHO):
        assert claim.subject
        assert claim.line >= 1
