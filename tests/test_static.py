"""Static files as they are collected: modules import each other under the name the page loads."""

from __future__ import annotations

import re
from pathlib import Path

from django.core.files.storage import FileSystemStorage

from vpm.static import OwnStatic


def test_a_module_is_imported_under_its_hashed_name(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js/keys.js").write_text("export const keys = 1;\n")
    (tmp_path / "js/page.js").write_text('import { keys } from "./keys.js";\nkeys;\n')
    storage = OwnStatic(location=str(tmp_path), base_url="/static/")
    paths = {name: (FileSystemStorage(str(tmp_path)), name) for name in ("js/keys.js", "js/page.js")}
    hashed = {name: str(new) for name, new, _ in storage.post_process(paths) if new}
    imported = re.findall(r'from "\./(.+)"', (tmp_path / hashed["js/page.js"]).read_text())
    assert imported == [Path(hashed["js/keys.js"]).name]
