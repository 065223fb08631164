"""The swarm into rows: lanes, projects, cells, relations; declared, or else discovered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict

from django.db import transaction
from django.db.models import QuerySet

from cells.models import Cell, Evidence, Lane, Patch, Project, Relation
from cells.patches import life
from cells.placing import Placer
from cells.sentences import sentence
from cells.ssot.discovery import discover, wanted
from cells.ssot.swarm import CellSpec, Swarm, SwarmBroken, merge_swarms, read_swarm
from cells.sync import adoption
from cells.sync.reading import Reading

LIMIT = 16_000_000  # bytes of one swarm.toml: ten thousand cells take three


def read(reading: Reading) -> None:
    """Bring the rows to what the head describes; a broken file keeps the last good swarm and says so."""
    reading.progress("swarm", 0, 1)
    files = declared_in(list(reading.files))
    digest = _digest(reading, files or wanted(list(reading.files)))
    if digest == reading.repository.swarm_digest:
        reading.problems += (declared(reading, files) if files else discovered(reading)).problems
        _remember(reading, swarm_broken=None)
        return
    try:
        swarm = declared(reading, files) if files else discovered(reading)
    except SwarmBroken as broken:
        reading.problems.append(broken.sentence)
        _remember(reading, swarm_broken=broken.sentence.as_json())
        return
    reading.problems += swarm.problems
    reading.swarm_changed = True
    with transaction.atomic():
        apply(reading, swarm)
        place_waiting(reading)
    if swarm.origin == "discovered":
        adoption.offer(reading, swarm)
    _remember(
        reading, swarm_origin=swarm.origin, swarm_path=swarm.path, swarm_digest=digest, swarm_broken=None
    )


def place_waiting(reading: Reading) -> None:
    """What waits for a decision belongs to cells of the swarm as it is now."""
    placer = Placer(reading.repository)
    waiting = Patch.objects.filter(repository=reading.repository, state=life.PROPOSED).exclude(branch="")
    for patch in waiting:
        cells, lane = placer.touched(patch.files, f"{patch.branch} {patch.title}")
        patch.cells.set(cells)
        Patch.objects.filter(pk=patch.pk).update(lane=lane)


def _remember(reading: Reading, **fields: object) -> None:
    """Last, so that a run that died before it does its work again."""
    for name, value in fields.items():
        setattr(reading.repository, name, value)
    reading.repository.save(update_fields=[*fields])


def declared_in(paths: list[str]) -> list[str]:
    """The swarm.toml files of a tree: the root's, and one per project."""
    return [
        p
        for p in paths
        if p == "swarm.toml" or (p.startswith("STATE/") and p.endswith("/swarm.toml") and p.count("/") == 2)
    ]


def declared(reading: Reading, files: list[str]) -> Swarm:
    return described({path: reading.text(reading.files[path].blob, LIMIT) for path in files})


def described(texts: Mapping[str, str | None]) -> Swarm:
    """The swarm of these swarm.toml files, by path; None stands for one that is too large. Raises SwarmBroken."""
    for path, text in texts.items():
        if text is None:
            raise SwarmBroken(
                sentence(
                    "%(path)s is larger than %(most)s MB and was not read; describe each project in a STATE/<project>/swarm.toml of its own.",
                    path=path, most=LIMIT // 1_000_000,
                )
            )  # fmt: skip
    return merge_swarms([read_swarm(text or "", path) for path, text in texts.items()])


def discovered(reading: Reading) -> Swarm:
    documents = {path: reading.text(reading.files[path].blob) or "" for path in wanted(list(reading.files))}
    return discover(list(reading.files), documents)


def apply(reading: Reading, swarm: Swarm) -> None:
    """Upsert by key. Positions are given once, so that a new cell does not move the others on the map."""
    repository = reading.repository
    lanes = {}
    for spec in swarm.lanes:
        place = Lane.objects.filter(repository=repository).count()
        lanes[spec.key], _ = Lane.objects.update_or_create(
            repository=repository, key=spec.key, defaults=(known := {"title": spec.title} | asdict(spec.consent)),
            create_defaults=known | {"position": place},
        )  # fmt: skip
    projects = {}
    for item in swarm.projects:
        projects[item.key], _ = Project.objects.update_or_create(
            repository=repository, key=item.key, defaults={"title": item.title, "state_path": item.state}
        )
    cells = {
        spec.key: cell(reading, spec, lanes[spec.lane], projects.get(spec.project)) for spec in swarm.cells
    }
    forget(reading, Cell.objects.filter(repository=repository).exclude(key__in=cells))
    Project.objects.filter(repository=repository).exclude(key__in=projects).delete()
    Lane.objects.filter(repository=repository).exclude(key__in=lanes).delete()
    Relation.objects.filter(repository=repository).delete()
    Relation.objects.bulk_create(
        [
            Relation(repository=repository, source=cells[r.source], target=cells[r.target], type=r.type)
            for r in swarm.relations
        ],
        ignore_conflicts=True,
    )
    reading.count("cells", len(cells))


def forget(reading: Reading, gone: QuerySet[Cell]) -> None:
    """Cells the swarm no longer names go; a person's word that spoke only of them holds no longer."""
    reading.count("cells_gone", gone.count())
    spoken_of = Evidence.objects.filter(placed_by_hand=True, cells__in=gone)
    kept = Cell.objects.filter(repository=reading.repository).exclude(pk__in=gone)
    void = spoken_of.exclude(cells__in=kept).values_list("pk", flat=True)
    Evidence.objects.filter(pk__in=list(void)).update(placed_by_hand=False)
    gone.delete()


def cell(reading: Reading, spec: CellSpec, lane: Lane, project: Project | None) -> Cell:
    """One cell's row; a cell that changes lanes takes the next free slot there."""
    values = {
        "lane": lane, "project": project, "title": spec.title, "north_star": spec.north_star, "stage": spec.stage,
        "contract": spec.contract, "ask_modes": list(spec.ask), "owner": spec.owner, "cadence": spec.cadence,
        "state_path": spec.state, "state_section": spec.state_section, "memory": spec.memory,
        "evidence_globs": list(spec.evidence), "milestones": dict(spec.actions), "note": spec.note, "path": spec.path, "line": spec.line,
        **asdict(spec.consent),
    }  # fmt: skip
    row = Cell.objects.filter(repository=reading.repository, key=spec.key).first()
    if row is None or row.lane_id != lane.pk:
        last = Cell.objects.filter(lane=lane).order_by("-position").values_list("position", flat=True).first()
        values["position"] = 0 if last is None else last + 1
    return Cell.objects.update_or_create(repository=reading.repository, key=spec.key, defaults=values)[0]


def _digest(reading: Reading, paths: list[str]) -> str:
    blobs = sorted(f"{path} {reading.files[path].blob}" for path in paths)
    return hashlib.sha256("\n".join(blobs).encode()).hexdigest()
