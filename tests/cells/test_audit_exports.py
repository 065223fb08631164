"""An export of the audit trail proves itself without server and database."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from pytest_django import DjangoAssertNumQueries

from cells.chain import seal
from cells.chain.exports import exported, read
from cells.chain.links import GENESIS, Broken, Head, linked
from cells.chain.whole import whole
from cells.models import Patch
from cells.patches import life
from cells.ssot.commands import git
from tests.cells.trails import EVENTS, a_chain, a_sealed_landing, an_export, refusal, verified
from tests.factories import a_patch, a_repository

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "security.md"


@pytest.fixture
def landed(tmp_path: Path, db: None) -> Patch:
    return a_sealed_landing(tmp_path)


class TestExports:
    def test_an_export_is_proved_without_the_database(
        self, landed: Patch, tmp_path: Path, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        file = an_export(tmp_path)
        mirror = str(landed.repository.mirror)
        git(tmp_path, "clone", "--quiet", "--branch", "main", mirror, str(tmp_path / "bakery-copy"))
        with django_assert_num_queries(0):
            alone = verified("--export", str(file))
            beside = [
                verified("--export", str(file), "--repo", str(path))
                for path in (mirror, tmp_path / "bakery-copy")
            ]
        assert alone == (
            f"{seal.head().seq} events, chain whole, head {seal.head()}; git was not looked at (--repo names a clone).\n"
        )
        assert all(said.endswith("; 1 landings agree with git.\n") for said in beside)

    def test_an_export_names_what_git_does_not_know(self, landed: Patch, tmp_path: Path) -> None:
        file = an_export(tmp_path)
        git(landed.repository.mirror, "update-ref", "refs/heads/main", f"{landed.commit}~1")
        assert "but the branch has no such landing" in refusal(
            "--export", str(file), "--repo", str(landed.repository.mirror)
        )

    def test_landings_after_an_export_are_not_its_business(self, landed: Patch, tmp_path: Path) -> None:
        file = an_export(tmp_path)
        a_patch(landed.repository, life.LANDED, branch="think/dough-notes")
        said = verified("--export", str(file), "--repo", str(landed.repository.mirror)).splitlines()
        assert said[0].endswith("; 1 landings agree with git.")
        assert said[1] == "Commits too new for this trail, which were not checked: 1."

    def test_a_folder_has_to_be_one_of_the_repositories(self, landed: Patch, tmp_path: Path) -> None:
        file = an_export(tmp_path)
        assert "there is no such folder" in refusal("--export", str(file), "--repo", "nowhere")
        other = a_repository(tmp_path, key="tearoom")
        a_patch(other, life.LANDED)
        file = an_export(tmp_path)
        elsewhere = tmp_path / "elsewhere.git"
        other.mirror.rename(elsewhere)
        assert "(bakery, tearoom), and this folder is called elsewhere" in refusal(
            "--export", str(file), "--repo", str(elsewhere)
        )

    @pytest.mark.django_db
    def test_the_program_in_the_manual_proves_an_export(self, tmp_path: Path) -> None:
        a_chain(3)
        program = re.search(r"```python\n(.*?)```", MANUAL.read_text(), re.DOTALL)
        assert program

        def run(export: bytes) -> subprocess.CompletedProcess[bytes]:
            return subprocess.run([sys.executable, "-c", program[1]], input=export, capture_output=True)

        export = an_export(tmp_path).read_bytes()
        assert run(export).stdout.decode() == f"3 events, head {seal.head().hash}\n"
        assert b"link 1" in run(export.replace(b'"ada"', b'"eve"', 1)).stderr
        assert b"cut off" in run(export[: export.rindex(b'{"events"')]).stderr

    def test_an_export_that_is_not_there_is_said(self, tmp_path: Path) -> None:
        assert refusal("--export", str(tmp_path / "none")).endswith(
            "cannot be read: No such file or directory."
        )

    @pytest.mark.django_db
    def test_every_changed_byte_of_an_export_is_noticed(self, tmp_path: Path) -> None:
        a_chain(2)
        whole_export = an_export(tmp_path).read_bytes()
        for position, byte in enumerate(whole_export):
            changed = bytes([*whole_export[:position], byte ^ 1, *whole_export[position + 1 :]])
            with pytest.raises(Broken):
                whole(read(changed.splitlines(keepends=True)))

    @pytest.mark.django_db
    def test_a_changed_byte_is_named_with_its_link(self, tmp_path: Path) -> None:
        events = a_chain(4)
        file = an_export(tmp_path)
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join([*lines[:2], lines[2].replace(b'"ada"', b'"eda"'), *lines[3:]]))
        assert refusal("--export", str(file)).startswith(f"Link 3 (event {events[2].pk}: eda judge user 2)")

    @pytest.mark.django_db
    def test_a_cut_export_is_noticed_wherever_it_was_cut(self, tmp_path: Path) -> None:
        a_chain(3)
        file = an_export(tmp_path)
        lines = file.read_bytes().splitlines(keepends=True)
        for kept in range(len(lines)):
            file.write_bytes(b"".join(lines[:kept]))
            assert refusal("--export", str(file)).startswith(f"The export is cut off after link {kept}")
        for cut, said in (
            (b"".join(lines)[:-1], "Line 4 of the export is not as an export writes it"),
            (
                b"".join([*lines[:2], lines[3]]),
                "The export's last line says 3 events, but it ends with link 2",
            ),
            (b"".join([*lines[:1], *lines[2:]]), "Link 2 is missing"),
            (b"".join([*lines, lines[0]]), "Line 5: something was added"),
        ):
            file.write_bytes(cut)
            assert refusal("--export", str(file)).startswith(said)

    @pytest.mark.django_db
    def test_two_names_in_one_line_are_not_read(self, tmp_path: Path) -> None:
        """Another program would read the first of them."""
        a_chain(1)
        line, *rest = an_export(tmp_path).read_bytes().splitlines(keepends=True)
        with pytest.raises(Broken, match="Line 1 of the export is not as an export writes it"):
            whole(read([line.replace(b'{"actor"', b'{"actor":"eve","actor"'), *rest]))

    @pytest.mark.django_db
    @pytest.mark.parametrize("line", [b"\n", b"[]\n", b"{}\n", b"7\n", b"\xff\n", b"[" * 100_000 + b"\n"])
    def test_anything_else_is_not_read(self, line: bytes) -> None:
        with pytest.raises(Broken, match="Line 1 of the export is not as an export writes it"):
            whole(read([line]))


@given(EVENTS)
def test_an_export_reads_back_as_the_same_chain(events: list[dict[str, Any]]) -> None:
    chain = list(linked(events, Head(0, GENESIS)))
    lines = [line.encode() for line in exported(chain)]
    assert whole(read(lines)).head == whole(chain).head
    assert [line.encode() for line in exported(read(lines))] == lines
