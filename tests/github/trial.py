"""VPM against the real GitHub, in ten minutes: `python -m tests.github.trial OWNER/SCRATCH`, see docs/try-github.md.

The token comes from VPM_GITHUB_TOKEN. It writes to an empty repository, or to one that an earlier trial made, and to
no other; what it writes on this machine is thrown away. Exit code 0: every step went as expected.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

# Whatever points at other data, another model or another host is not for a trial.
FOREIGN = (
    "DATABASE_URL", "CELERY_BROKER_URL", "VPM_PRODUCTION", "VPM_OPENAI_API_KEY", "OPENAI_API_KEY", "VPM_EMBEDDER",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = ArgumentParser(prog="python -m tests.github.trial", description=__doc__)
    parser.add_argument("repository", metavar="OWNER/SCRATCH")
    parser.add_argument(
        "--base-url", default="https://api.github.com", help="https://HOST/api/v3 of an Enterprise"
    )
    parser.add_argument("--pause", type=float, default=3, help="seconds between two looks at GitHub")
    asked = parser.parse_args(arguments)
    if not os.environ.get("VPM_GITHUB_TOKEN"):
        parser.error("VPM_GITHUB_TOKEN is not set; docs/try-github.md says what the token needs.")
    with tempfile.TemporaryDirectory(prefix="vpm-trial-") as folder:
        _settle_down(Path(folder))
        return _run(asked.repository, asked.base_url, asked.pause, Path(folder))


def _settle_down(folder: Path) -> None:
    """A product of its own in `folder`, that does a task where it is sent."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ |= {
        "VPM_DATA_DIR": str(folder / "data"), "VPM_PROVIDER": "rules", "VPM_UNDO_SECONDS": "0",
        "VPM_SYNC_EVERY": "1", "VPM_CHECKS_BEGIN": "3",  # nobody waits for what a scratch repository does not have
        "DJANGO_SETTINGS_MODULE": "vpm.settings",
    }  # fmt: skip
    import django

    django.setup()
    from vpm.celery import app

    app.conf.task_always_eager = True


def _run(name: str, base_url: str, pause: float, folder: Path) -> int:
    """Every step; how many did not go as expected is the end of what is printed."""
    from tests.github.trial_hands import Hands
    from tests.github.trial_steps import STEPS, Trial

    try:
        hands = Hands(name, os.environ["VPM_GITHUB_TOKEN"], base_url, folder)
    except Exception as error:
        print(f"GitHub does not show {name} to this token: {error!r}")
        return 1
    trial = Trial(hands, base_url, datetime.now(UTC).strftime("%Y%m%dT%H%M%S"), pause)
    wrong = 0
    for number, (title, step, needed) in enumerate(STEPS, 1):
        began = time.monotonic()
        try:
            word, said = "OK", step(trial)
        except Exception as error:
            word, said = "DIFFERS", str(error) or repr(error)
            wrong += 1
        print(
            f"{number:2} {word:7} {title} ({time.monotonic() - began:.0f} s)\n           {said}", flush=True
        )
        if word != "OK" and needed:
            print("   The steps after it were not tried.")
            break
    print(
        f"\n{'Every step went as expected.' if not wrong else f'Steps that differed: {wrong}. Please report them.'}"
    )
    print(
        f"To clean up: delete {name} at GitHub, or keep it for the next trial, and revoke the token. "
        "Nothing is left on this machine."
    )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
