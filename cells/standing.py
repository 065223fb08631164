"""Where a cell or a project stands: the version of its STATE document that is in force."""

from __future__ import annotations

from django.db.models import QuerySet

from cells.models import Cell, Project, StateVersion

POSITION = ("current", "goal", "goal_short", "goal_mid", "gap")  # the kinds of facts that are C, G and δ


def of_project(project: Project) -> StateVersion | None:
    """The project's own document as it stands at the head, with its facts."""
    return _in_force(project.state_versions.filter(path=project.state_path, section=""))


def of_cell(cell: Cell) -> tuple[StateVersion | None, bool]:
    """The cell's own document, or else its project's; and whether it is borrowed."""
    if own := _in_force(cell.state_versions.all()):
        return own, False
    lent = of_project(cell.project) if cell.project else None
    return lent, lent is not None


def _in_force(versions: QuerySet[StateVersion]) -> StateVersion | None:
    return versions.filter(current=True).prefetch_related("facts").order_by("-committed_at", "-pk").first()
