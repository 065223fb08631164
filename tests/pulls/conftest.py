"""The double of GitHub, for what the product does with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.github.conftest import bread as bread
from tests.github.conftest import github as github
from tests.github.double import Double
from tests.pulls.landing_helpers import There, a_bakery_at


@pytest.fixture
def there(github: Double, tmp_path: Path) -> There:
    """The bakery as here, and as it is at GitHub."""
    return a_bakery_at(github, tmp_path)
