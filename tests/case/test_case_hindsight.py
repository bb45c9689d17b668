import csv
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.case.case import Case
from attribution.case.hindsight import said_on
from attribution.case.load import bundled_case_folder

ERBIL = "20210215-erbil-airport"


def rows(name: str) -> list[dict[str, str]]:
    with (bundled_case_folder() / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@settings(deadline=None, max_examples=30)
@given(st.dates(date(2018, 1, 1), date(2026, 12, 31)))
def test_nothing_is_known_that_is_dated_later(iraq: Case, day: date) -> None:
    # An oracle that reads the files by itself and compares texts.
    today = day.isoformat()
    view = iraq.known_by(day)
    published = {row["source_id"]: row["date"] for row in rows("sources")}
    happened = {row["incident_id"] for row in rows("incidents") if row["date"] <= today}
    assert list(view.incidents["incident_id"]) == [
        row["incident_id"] for row in rows("incidents") if row["date"] <= today
    ]
    for name in ("statements", "labels"):
        expected = [
            (row["incident_id"], row["source_id"], row["note"])
            for row in rows(name)
            if row["incident_id"] in happened
            and "" < (row["date"] or published[row["source_id"]]) <= today
        ]
        table = view.tables[name][["incident_id", "source_id", "note"]]
        assert list(table.itertuples(index=False, name=None)) == expected
    for name in ("brand_links", "triggers"):
        expected = [row["date"] for row in rows(name) if row["date"] <= today]
        assert [f"{when:%Y-%m-%d}" for when in view.tables[name]["date"]] == expected
    for name in ("groups", "sources", "labellers", "territory"):
        assert len(view.tables[name]) == len(iraq.tables[name])
    for column, table in [("active_to", view.groups), ("end_date", view.triggers)]:
        ends = table[column].dropna()
        assert all(end.date() <= day for end in ends)
    for table in view.tables.values():
        assert list(table.index) == list(range(len(table)))


def test_the_case_itself_is_untouched_and_forgetting_is_final(iraq: Case) -> None:
    before = iraq.fingerprint()
    early, late = date(2020, 1, 1), date(2021, 1, 1)
    view = iraq.known_by(early)
    assert view.as_of == early
    assert repr(view).endswith(", as of 2020-01-01)")
    assert "as of 2020-01-01" in view._repr_html_()
    assert iraq.known_by(None) is iraq
    assert view.known_by(None) is view
    assert view.known_by(late) is view
    assert iraq.known_by(late).known_by(early).fingerprint() == view.fingerprint()
    assert iraq.fingerprint() == before


def test_a_timestamp_is_a_day(iraq: Case) -> None:
    view = iraq.known_by(pd.Timestamp(2020, 1, 1, 23, 59))
    assert view.as_of == date(2020, 1, 1)
    assert type(view.as_of) is date


def test_a_row_without_a_date_takes_that_of_its_source(iraq: Case) -> None:
    labels = iraq.labels
    days = said_on(labels, iraq.sources)
    blank = labels["date"].isna()
    assert blank.sum() == 38
    assert (days[~blank] == labels["date"][~blank]).all()
    dates = {row["source_id"]: row["date"] for row in rows("sources")}
    for day, source in zip(days[blank], labels["source_id"][blank], strict=True):
        assert ("" if pd.isna(day) else f"{day:%Y-%m-%d}") == dates[source]
    # What has no date at all is known only to the case without an as-of date.
    ever = iraq.known_by(date(2100, 1, 1))
    assert len(iraq.labels) - len(ever.labels) == days.isna().sum()
    assert len(ever.incidents) == len(iraq.incidents)


def test_the_confession_of_march_2021_is_unknown_in_february(iraq: Case) -> None:
    def said(day: date) -> set[tuple[str, str]]:
        labels = iraq.known_by(day).labels
        rows_of_erbil = labels.loc[labels["incident_id"] == ERBIL, ["labeller", "group_id"]]
        return set(rows_of_erbil.itertuples(index=False, name=None))

    confession = ("krg_ct", "kataib_sayyid_al_shuhada")
    assert said(date(2021, 2, 24)) == {("militia_spotlight", "asaib_ahl_al_haq")}
    assert confession not in said(date(2021, 3, 2))
    assert confession in said(date(2021, 3, 3))


def test_words_that_precede_their_incident_wait_for_it(iraq: Case) -> None:
    # A false-flag warning of 5 November 2021 belongs to the drones of 7 November.
    incident = "20211107-kadhimi-residence"
    for day, count in [(date(2021, 11, 6), 0), (date(2021, 11, 7), 1)]:
        view = iraq.known_by(day)
        early = view.statements[view.statements["date"] == pd.Timestamp(2021, 11, 5)]
        assert (early["incident_id"] == incident).sum() == count
        assert set(view.statements["incident_id"]) <= set(view.incidents["incident_id"])


def test_an_end_that_lies_ahead_is_unknown(iraq: Case) -> None:
    def active_to(case: Case) -> pd.Timestamp:
        return case.groups.set_index("group_id").loc["liwa_ahrar_al_iraq", "active_to"]

    assert active_to(iraq) == pd.Timestamp(2023, 2, 1)
    assert pd.isna(active_to(iraq.known_by(date(2023, 1, 31))))
    assert active_to(iraq.known_by(date(2023, 2, 1))) == pd.Timestamp(2023, 2, 1)


def test_of_what_still_lasts_only_its_beginning_is_known(iraq: Case) -> None:
    triggers = iraq.triggers
    lasting = triggers[(triggers["end_date"] - triggers["date"]).dt.days > 20].iloc[0]
    middle = lasting["date"] + pd.Timedelta(days=10)
    view = iraq.known_by(middle).triggers
    same = view[(view["date"] == lasting["date"]) & (view["kind"] == lasting["kind"])]
    assert same["end_date"].tolist() == [middle]


@pytest.mark.parametrize("day", [date(2018, 1, 1), date(2100, 1, 1)])
def test_a_view_keeps_the_types_of_its_columns(iraq: Case, day: date) -> None:
    view = iraq.known_by(day)
    for name, table in iraq.tables.items():
        assert view.tables[name].dtypes.equals(table.dtypes)
