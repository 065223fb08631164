"""The double of GitHub, for what the product does with it."""

from tests.github.conftest import bread as bread
from tests.github.conftest import github as github
