"""When evidence was observed: names, labels, zones, and claims that cannot be true."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.evidence.stamps import stamps_in
from cells.evidence.times import Observed, observed

COMMIT = datetime(2025, 10, 14, 12, 0, tzinfo=UTC)


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def from_name(name: str, added_at: datetime = COMMIT) -> Observed:
    return observed(f"reports/{name}", "", added_at)


def from_text(text: str, added_at: datetime = COMMIT) -> Observed:
    return observed("reports/note.md", text, added_at)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("boot_20251014T113000Z.md", "2025-10-14 11:30:00"),
        ("boot_20251014_113000.md", "2025-10-14 11:30:00"),
        ("boot_20251014_1130.md", "2025-10-14 11:30:00"),
        ("boot_20251014-113000.md", "2025-10-14 11:30:00"),
        ("boot_20251014T113000.md", "2025-10-14 11:30:00"),
        ("boot_2025-10-14T1130.json", "2025-10-14 11:30:00"),
        ("boot_20251014113000_x.md", "2025-10-14 11:30:00"),
        ("prov_1760441400.jsonld", "2025-10-14 11:30:00"),
        ("runs/20251014T113000Z/after.yaml", "2025-10-14 11:30:00"),
        ("boot_20251014_203000_JST.md", "2025-10-14 20:30:00"),
    ],
)
def test_a_name_tells_the_time_in_every_usual_form(name: str, moment: str) -> None:
    expected = at(moment) - (timedelta(hours=9) if "JST" in name else timedelta(0))
    seen = from_name(name)
    assert (seen.at, seen.source, seen.exact) == (expected, "name", True)


@pytest.mark.parametrize(
    "name", ["2025-13-40.md", "20250230_101010.md", "v1.2.3.md", "sha_2099999912.md", "a_19991231.md"]
)
def test_an_impossible_date_is_not_a_time(name: str) -> None:
    assert from_name(name).source == "commit"


def test_two_dates_in_a_row_are_not_a_time_of_day() -> None:
    seen = from_name("sum_20251001_20251007.md")
    assert (seen.written, seen.exact) == ("20251007", False)


def test_ten_digits_far_from_the_commit_are_a_number() -> None:
    assert from_name("run_1234567890.log").source == "commit"


def test_the_file_name_is_asked_before_its_folder() -> None:
    assert from_name("20251001T000000Z/20251013_1000.md").at == at("2025-10-13 10:00")


def test_a_zoneless_time_that_would_be_future_in_utc_was_written_in_japan() -> None:
    seen = from_name("boot_20251014_203000.md")
    assert (seen.at, seen.zone, seen.confidence) == (at("2025-10-14 11:30:00"), "JST", "high")


def test_a_zoneless_time_just_before_the_commit_is_read_as_utc() -> None:
    seen = from_name("boot_20251014_113000.md")
    assert (seen.at, seen.zone, seen.confidence) == (at("2025-10-14 11:30:00"), "UTC", "medium")


def test_of_two_possible_readings_the_smaller_lag_is_taken_with_low_confidence() -> None:
    seen = from_name("boot_20251013_113000.md")
    assert (seen.at, seen.zone, seen.confidence) == (at("2025-10-13 11:30:00"), "UTC", "low")


def test_a_zoned_time_in_the_text_settles_the_zone_of_the_name() -> None:
    seen = observed("reports/boot_20251013_113000.md", "pushed 2025-10-13T02:29:10Z by a robot", COMMIT)
    assert (seen.at, seen.zone, seen.confidence) == (at("2025-10-13 02:30:00"), "JST", "high")


def test_a_time_later_than_the_commit_in_every_reading_is_told() -> None:
    seen = from_name("boot_20251015_093000.md")
    assert (seen.later_than_commit, seen.confidence, seen.zone) == (True, "low", "JST")
    assert from_text("timestamp: 2025-10-14T12:03:00Z").later_than_commit
    assert not from_text("timestamp: 2025-10-14T12:01:30Z").later_than_commit


@pytest.mark.parametrize(
    "line",
    [
        "ts: 2025-10-14T11:30:00Z",
        '{"a": 1, "timestamp":"2025-10-14T11:30:00.123Z"}',
        '  "generated_at": "2025-10-14T20:30:00+09:00",',
        "**Generated**: 2025-10-14 20:30:00",
        "- 取得時刻 (UTC): `2025-10-14T11:30:00Z`",
        "- 取得時刻 (UTC): `2025-10-14 11:30:00`",
        "- 実行日時：2025-10-14 20:30 JST",
        "作成日時: 2025年10月14日 20時30分",
        "| Date | 2025-10-14 11:30:00 UTC |",
        'time="2025-10-14T20:30:00+09:00" level=info',
        "created_at: 20251014_113000Z",
        '"prov:generatedAtTime": "2025-10-14T11:30:00Z"',
        "echo ok ts=1760441400",
        "- Timestamp (UTC): 2025-10-14T11:30:00Z",
        "Last updated: 2025-10-14 11:30 -0000",
    ],
)
def test_a_labelled_time_in_the_text_is_found(line: str) -> None:
    seen = from_text(f"# Note\n\n{line}\n")
    assert (seen.source, seen.exact) == ("text", True)
    assert seen.at.replace(second=0, microsecond=0) == at("2025-10-14 11:30")


@pytest.mark.parametrize(
    "line",
    [
        "deadline: 2025-10-20",
        "期限: 2025-10-10",
        'creationTimestamp: "2025-10-10T00:00:00Z"',
        'lastTransitionTime: "2025-10-10T00:00:00Z"',
        "- source: reports/boot_20251010_101010.md",
        "see run 17352678000 and tr-1755999999999-ab",
    ],
)
def test_times_of_other_things_do_not_date_the_evidence(line: str) -> None:
    assert from_text(line).source == "commit"


def test_a_label_inside_a_quotation_is_not_the_documents_own() -> None:
    quoted = '"preview": "an earlier note of ours which said - time: 20251010_101010 JST and more"'
    assert from_text(quoted).confidence == "low"


def test_an_unlabelled_time_near_the_top_counts_with_low_confidence() -> None:
    seen = from_text("# Boot (2025-10-14 11:30:00)\n")
    assert (seen.source, seen.confidence, seen.at) == ("text", "low", at("2025-10-14 11:30:00"))
    assert from_text("# Review of 2024-01-01\n").source == "commit"


def test_a_text_of_the_same_day_adds_the_hour_to_a_dated_name() -> None:
    seen = observed("reports/2025-10-14_weekly.md", "date: 2025-10-14T10:00:00Z", COMMIT)
    assert (seen.source, seen.at) == ("text", at("2025-10-14 10:00"))


def test_a_name_wins_over_a_text_of_another_day() -> None:
    seen = observed("reports/2025-10-13_weekly.md", "date: 2025-10-10T10:00:00Z", COMMIT)
    assert (seen.source, seen.exact, seen.at) == ("name", False, at("2025-10-12 15:00"))


def test_without_any_time_the_commit_dates_it() -> None:
    assert from_text("nothing here") == Observed(COMMIT, "commit", "commit", "low", "", True, False)


def test_only_the_head_of_a_long_text_is_searched() -> None:
    assert from_text("x" * 70_000 + "\nts: 2025-10-14T11:30:00Z").source == "commit"


@settings(deadline=None, max_examples=300)
@given(
    st.text(),
    st.text(alphabet="20125-_:TZ/ .月日年時分ts=\"'(JSTUTC)\n", max_size=200),
    st.datetimes(min_value=datetime(1990, 1, 1)),
)
def test_any_name_and_text_get_a_time(path: str, text: str, added_at: datetime) -> None:
    seen = observed(path + text[:40], text + path, added_at)
    assert seen.at.tzinfo is UTC
    assert seen.source in {"name", "text", "commit"}
    assert seen.later_than_commit <= (seen.confidence == "low")


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)))
def test_a_written_time_is_read_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    for form in ("%Y%m%d_%H%M%S", "%Y%m%dT%H%M%SZ", "%Y-%m-%d %H:%M:%S", "%Y年%m月%d日 %H時%M分%S秒"):
        assert [stamp.wall for stamp in stamps_in(moment.strftime(form))] == [moment]
