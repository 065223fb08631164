"""The audit trail proves itself: whatever is changed behind our back is named, at its place."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cells import tasks
from cells.chain import seal
from cells.chain.links import FIELDS, GENESIS, Broken, Head, Link, linked
from cells.chain.whole import whole
from cells.models import AuditEvent, AuditLink
from tests.cells.callers import Program
from tests.cells.trails import (
    EVENTS,
    OF_FIELD,
    a_chain,
    an_event,
    an_export,
    behind_our_back,
    refusal,
    verified,
)


@pytest.mark.django_db
class TestTheChain:
    def test_a_whole_chain_is_told_with_its_length_and_head(self) -> None:
        a_chain(5)
        assert verified() == f"5 events, chain whole, head {seal.head()}; 0 landings agree with git.\n"

    def test_an_empty_trail_is_whole(self) -> None:
        assert verified().startswith(f"0 events, chain whole, head 0 {GENESIS};")

    def test_a_link_is_over_the_event_and_the_link_before(self) -> None:
        first, second = a_chain(2)
        links = list(AuditLink.objects.order_by("seq"))
        assert [link.event_id for link in links] == [first.pk, second.pk]
        assert [link.previous for link in links] == [GENESIS, links[0].hash]

    @pytest.mark.parametrize("model", [AuditEvent, AuditLink])
    def test_neither_event_nor_link_can_be_changed(self, model: type[AuditEvent | AuditLink]) -> None:
        a_chain(1)
        row = model._default_manager.get()
        for change in (row.save, row.delete):
            with pytest.raises(TypeError, match="append-only"):
                change()
        name = "actor" if model is AuditEvent else "hash"
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            model._default_manager.update(**{name: "x"})

    def test_a_sealed_event_cannot_be_deleted(self) -> None:
        a_chain(1)
        with pytest.raises(ProtectedError), transaction.atomic():
            AuditEvent.objects.all().delete()

    def test_an_event_whose_transaction_ended_late_is_linked_later(self) -> None:
        """Its key is lower than that of an event which is sealed already."""
        late = an_event()
        with behind_our_back() as execute:
            execute("UPDATE cells_auditevent SET id = id + 1000 WHERE id = %s", [late.pk])
            seal.seal()
            now = timezone.now()
            AuditEvent.objects.bulk_create(
                [AuditEvent(pk=late.pk, at=now, actor="rin", verb="judge", subject_type="user", subject="1")]
            )
            assert seal.seal().seq == 2
            assert list(AuditLink.objects.order_by("seq").values_list("event", flat=True)) == [
                late.pk + 1000,
                late.pk,
            ]
            assert verified().startswith("2 events, chain whole")

    def test_the_sweeper_seals_what_nobody_sealed(self) -> None:
        an_event()
        tasks.settle()
        assert AuditLink.objects.count() == 1

    def test_an_event_that_waits_for_its_link_is_no_fault_for_a_minute(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        a_chain(1)
        event = an_event()
        assert "Events of the last minute that are not linked yet: 1." in verified()
        monkeypatch.setattr(seal, "PATIENCE", timezone.timedelta(0))
        assert refusal().startswith(f"Event {event.pk} has waited for its link")


FIELD_CHANGES = {
    "at": "'2020-01-01 00:00:00+00:00'", "actor": "'eve'", "verb": "'approve'", "repository": "'other'",
    "subject_type": "'patch'", "subject": "'99'", "before": "'{}'", "after": "'{\"a\": 1}'", "reason": "'because'",
}  # fmt: skip


@pytest.mark.django_db
class TestTampering:
    def test_every_field_is_tried(self) -> None:
        assert (
            {"id", *FIELD_CHANGES} == {*FIELDS} == {field.name for field in AuditEvent._meta.concrete_fields}
        )

    @pytest.mark.parametrize("name", FIELD_CHANGES)
    def test_a_changed_field_is_named(self, name: str) -> None:
        events = a_chain(5)
        with behind_our_back() as execute:
            execute(
                f'UPDATE cells_auditevent SET "{name}" = {FIELD_CHANGES[name]} WHERE id = %s',
                [events[2].pk],
            )
            said = refusal()
        assert said.startswith(f"Link 3 (event {events[2].pk}: ")
        assert "is not what was sealed" in said
        assert verified()

    def test_a_field_that_cannot_be_read_any_more_is_named(self) -> None:
        events = a_chain(3)
        broken = "'{'" if connection.vendor == "sqlite" else "'null'"  # PostgreSQL takes no other than JSON
        with behind_our_back() as execute:
            execute(f"UPDATE cells_auditevent SET before = {broken} WHERE id = %s", [events[1].pk])
            assert refusal().startswith("Link 2")

    @pytest.mark.parametrize("position", [1, 3, 5])
    def test_a_removed_event_is_named(self, position: int) -> None:
        events = a_chain(5)
        with behind_our_back() as execute:
            execute("DELETE FROM cells_auditevent WHERE id = %s", [events[position - 1].pk])
            assert refusal().startswith(f"Link {position}: its event is gone")

    @pytest.mark.parametrize("position", [1, 3])
    def test_a_removed_link_is_named(self, position: int) -> None:
        a_chain(5)
        with behind_our_back() as execute:
            execute("DELETE FROM cells_auditlink WHERE seq = %s", [position])
            assert refusal().startswith(f"Link {position} is missing: after link {position - 1}")

    def test_swapped_events_are_named(self) -> None:
        events = a_chain(5)
        with behind_our_back() as execute:
            for seq, event in ((2, -1), (3, events[1].pk), (2, events[2].pk)):
                execute("UPDATE cells_auditlink SET event_id = %s WHERE seq = %s", [event, seq])
            assert refusal().startswith(f"Link 2 (event {events[2].pk}: ")

    def test_swapped_links_are_named(self) -> None:
        events = a_chain(5)
        with behind_our_back() as execute:
            for was, becomes in ((2, 99), (3, 2), (99, 3)):
                execute("UPDATE cells_auditlink SET seq = %s WHERE seq = %s", [becomes, was])
            assert refusal().startswith(f"Link 2 (event {events[2].pk}) does not continue link 1")

    def test_one_event_sealed_anew_breaks_the_next_link(self) -> None:
        """Somebody who knows how a hash is made has to make all that follow."""
        events = a_chain(5)
        with behind_our_back() as execute:
            execute("UPDATE cells_auditevent SET actor = 'eve' WHERE id = %s", [events[2].pk])
            true = list(seal.links())
            forged = next(linked([true[2].event or {}], Head(2, true[1].hash)))
            execute("UPDATE cells_auditlink SET hash = %s WHERE seq = 3", [forged.hash])
            assert refusal().startswith(f"Link 4 (event {events[3].pk}) does not continue link 3")

    def test_a_chain_made_anew_lacks_the_head_that_somebody_kept(self) -> None:
        events = a_chain(3)
        kept = seal.head().hash
        assert verified("--head", kept[:12])
        assert "at least 8 characters" in refusal("--head", kept[:7])
        with behind_our_back() as execute:
            execute("UPDATE cells_auditevent SET actor = 'eve' WHERE id = %s", [events[0].pk])
            execute("DELETE FROM cells_auditlink")
            seal.seal()
            assert verified()
            assert refusal("--head", kept[:12]).startswith(f"No link has a hash that begins with {kept[:12]}")


@given(EVENTS, st.data())
def test_changing_any_field_of_any_event_breaks_exactly_there(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    chain = list(linked(events, Head(0, GENESIS)))
    assert whole(chain).head == Head(len(events), chain[-1].hash)
    position = data.draw(st.integers(0, len(events) - 1))
    name = data.draw(st.sampled_from(FIELDS))
    other = data.draw(
        OF_FIELD[name].filter(lambda value: json.dumps(value) != json.dumps(events[position][name]))
    )
    link = chain[position]
    chain[position] = Link(link.seq, link.previous, link.hash, events[position] | {name: other})
    with pytest.raises(Broken) as broken:
        whole(chain)
    assert broken.value.why.params["seq"] == position + 1


@pytest.mark.django_db(transaction=True)
def test_many_who_seal_at_once_make_one_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "BATCH", 7)  # so that they meet many times
    for number in range(100):
        an_event(number)

    def sealed(_: int) -> Head:
        try:
            return seal.seal()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        heads = set(pool.map(sealed, range(4)))
    assert {head.seq for head in heads} == {100}
    assert heads == {seal.head()}
    assert verified().startswith("100 events, chain whole")


@pytest.mark.django_db
class TestDoors:
    def test_the_page_says_how_far_the_trail_is_sealed(self, client: Client, viewer: User) -> None:
        client.force_login(viewer)
        assert b"Nothing is sealed yet" in client.get("/audit/").content
        head = seal.seal()
        an_event()
        page = client.get("/audit/").content.decode()
        assert (
            f'Sealed up to event {head.seq} · head <code title="{head.hash}">{head.hash[:8]}</code>' in page
        )
        assert f'<td class="quiet value">{head.seq}</td>' in page
        assert '<td class="quiet value"></td>' in page

    def test_the_page_brings_the_export(self, client: Client, viewer: User, tmp_path: Path) -> None:
        client.force_login(viewer)
        answer = client.get("/audit/export.jsonl")
        file = tmp_path / "from-the-page.jsonl"
        file.write_bytes(answer.getvalue())
        assert answer["Content-Type"] == "application/x-ndjson"
        assert file.read_bytes() == an_export(tmp_path).read_bytes()
        assert "chain whole" in verified("--export", str(file))

    def test_the_export_is_not_for_strangers(self, client: Client, stranger: User) -> None:
        client.force_login(stranger)
        assert client.get("/audit/export.jsonl").status_code == 403

    def test_a_program_sees_the_link_of_an_event(self, reading: Program) -> None:
        before = reading.get("audit", limit=1)[1]["items"][0]
        head = seal.seal()
        after = reading.get("audit", limit=1)[1]["items"][0]
        assert (before["seq"], before["hash"]) == (None, None)
        assert (after["seq"], after["hash"]) == (head.seq, head.hash)

    def test_sealing_by_hand_says_the_head(self) -> None:
        an_event()
        out = StringIO()
        call_command("audit", "seal", stdout=out)
        assert out.getvalue() == f"{seal.head()}\n"
