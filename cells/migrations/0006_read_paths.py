"""What older rows lack: the paths a patch touches, what its twins share, and where it stands in an inbox."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from cells.patches.change import content
from cells.patches.ranks import group, rank


def fill(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    Patch, Touched = apps.get_model("cells", "Patch"), apps.get_model("cells", "Touched")
    for patch in Patch.objects.select_related("lane", "repository").iterator(chunk_size=500):
        paths = {file[name] for file in patch.files for name in ("path", "old_path")}
        Touched.objects.bulk_create([Touched(patch=patch, path=path[:1000]) for path in sorted(paths)[:1000]])
        Patch.objects.filter(pk=patch.pk).update(
            content=content(patch.files), main=patch.repository.head, **_standing(patch)
        )


def _standing(patch: Any) -> dict[str, object]:
    came_back = patch.state == "proposed" and patch.state_note is not None
    lane = patch.lane.key if patch.lane else ""
    return {
        "rank": rank(patch.verdict, applies=patch.applies, came_back=came_back),
        "group": group(patch.verdict, lane=lane, kind=patch.kind, applies=patch.applies),
    }


class Migration(migrations.Migration):
    dependencies = [("cells", "0005_deciding")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
