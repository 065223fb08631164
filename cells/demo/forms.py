"""Forms that more than one kind of evidence is written on."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from cells.demo.clock import utc_text
from cells.demo.company import Cell


def json_bytes(body: object) -> bytes:
    """JSON as people like to read it, with a line feed at the end."""
    return (json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode()


def service_yaml(name: str, at: datetime, revision: str) -> str:
    """A Knative service as the control plane shows it, with every condition True."""
    since = utc_text(at - timedelta(minutes=3))
    conditions = "".join(
        f'  - lastTransitionTime: "{since}"\n    status: "True"\n    type: {kind}\n'
        for kind in ("ConfigurationsReady", "Ready", "RoutesReady")
    )
    return (
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n"
        f"  name: {name}\n  namespace: default\nstatus:\n  conditions:\n{conditions}"
        f"  latestReadyRevisionName: {revision}\n  url: http://{name}.default.example.com\n"
    )


def sli_report(cell: Cell, at: datetime, value: float, total: int, vantage: str, remark: str) -> str:
    """A service level report; `value` counts as the success rate when its unit is %."""
    share = f"{value:g} %" if cell.metric.unit == "%" else "100 %"
    good = round(total * value / 100) if cell.metric.unit == "%" else total
    return (
        f"# {cell.key} SLI report\n\n"
        f"context_header: repo=aoba-roastery / branch=main / phase=Phase 3 / track={cell.key}\n\n"
        f"- measured at (UTC): {utc_text(at)}\n- vantage: {vantage}\n- requests: {total}\n"
        f"- success rate (HTTP 200): {share}\n- errors: {total - good}\n"
        f"- {cell.metric.name}: {value:g} {cell.metric.unit} (target {cell.metric.target:g})\n\n{remark}\n"
    )
