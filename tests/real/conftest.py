"""The real repository, when the machine has it: ../shared/data beside the checkout."""

import subprocess
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def bundle() -> Path:
    path = DATA / "vpm-mini.bundle"
    if not path.exists():
        pytest.skip(f"the real repository is not on this machine ({path.name} beside the checkout)")
    return path


@pytest.fixture(scope="session")
def real_clone(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("real") / "clone"
    subprocess.run(["git", "clone", "--quiet", bundle, target], check=True)
    return target
