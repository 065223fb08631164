"""A swarm.toml that is large is read whole, and one that is too large says so and drops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cells.sync import swarm
from tests.factories import SWARM, a_repository, source_of, sync


@pytest.mark.django_db
def test_a_swarm_of_more_than_a_megabyte_is_read(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    padding = "# a remark that somebody left\n" * 40_000
    source_of(repository).commit({"swarm.toml": padding + SWARM.replace('key = "crumb"', 'key = "crust"')})
    sync(repository)
    assert set(repository.cells.values_list("key", flat=True)) == {"oven", "dough", "crust"}


@pytest.mark.django_db
def test_one_that_is_too_large_keeps_the_last_good_swarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = a_repository(tmp_path)
    monkeypatch.setattr(swarm, "LIMIT", 100)
    source_of(repository).commit({"swarm.toml": SWARM + "# more\n"})
    sync(repository)
    assert repository.cells.count() == 3
    assert repository.swarm_broken["params"]["path"] == "swarm.toml"
    assert "larger than" in repository.swarm_broken["text"]
