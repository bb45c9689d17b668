"""New rows for a case: taken up as its own are, or refused with all their faults."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from attribution.case.additions import NewRowsError, with_rows
from attribution.case.case import Case
from attribution.case.faults import CaseError
from attribution.case.load import load_case, save_case

ERBIL = "20210215-erbil-airport"
INCIDENT = {
    "incident_id": "20260701-erbil-airport",
    "date": "2026-07-01",
    "country": "Iraq",
    "province": "Erbil",
    "place": "Erbil International Airport",
    "latitude": 36.2376,
    "longitude": 43.9632,
    "weapon_type": "drone",
    "target_type": "airport",
    "source_ids": "new_source",
}
SOURCE = {
    "source_id": "new_source",
    "type": "news",
    "publisher": "A paper",
    "title": "",
    "date": "2026-07-02",
    "url": "",
}
LABEL = {
    "incident_id": "20260701-erbil-airport",
    "labeller": "isw",
    "labeller_type": "analyst",
    "group_id": "kataib_hezbollah",
    "confidence": "likely",
    "contested": "no",
    "date": "2026-07-03",
    "source_id": "new_source",
    "scope": "incident",
    "basis": "direct",
}
STATEMENT = {
    "incident_id": "20260701-erbil-airport",
    "speaker_id": "kataib_hezbollah",
    "kind": "denial",
    "date": "2026-07-01",
    "channel": "telegram",
    "source_id": "new_source",
}


def rows(*given: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(given))


def faults(case: Case, **tables: pd.DataFrame | str | Path) -> list[str]:
    with pytest.raises(NewRowsError) as caught:
        with_rows(case, tables)
    return [str(fault) for fault in caught.value.faults]


def a_source_type(case: Case) -> str:
    return case.config.vocabularies["source_type"][0]


def test_rows_that_refer_to_each_other_stand_behind_the_old_ones(
    iraq: Case, tmp_path: Path
) -> None:
    source = SOURCE | {"type": a_source_type(iraq)}
    added = with_rows(
        iraq,
        {
            "labels": rows(LABEL),
            "statements": rows(STATEMENT),
            "incidents": rows(INCIDENT),
            "sources": rows(source),
        },
    )
    assert added.notes == ()
    for name, row in (("labels", LABEL), ("statements", STATEMENT), ("incidents", INCIDENT)):
        old, new = iraq.tables[name], added.case.tables[name]
        pd.testing.assert_frame_equal(new.iloc[:-1], old)
        assert new["incident_id"].iloc[-1] == row["incident_id"]
    save_case(added.case, tmp_path / "again")
    assert load_case(tmp_path / "again").fingerprint() == added.case.fingerprint()


def test_files_and_tables_say_the_same(iraq: Case, tmp_path: Path) -> None:
    label = LABEL | {"incident_id": ERBIL, "source_id": iraq.labels["source_id"].iloc[0]}
    rows(label).to_csv(tmp_path / "new.csv", index=False)
    by_file = with_rows(iraq, {"labels": tmp_path / "new.csv"})
    typed = rows(label).assign(date=pd.Timestamp("2026-07-03"), note=None)
    by_table = with_rows(iraq, {"labels": typed})
    assert by_file.case.fingerprint() == by_table.case.fingerprint()


def test_no_rows_change_nothing(iraq: Case) -> None:
    assert with_rows(iraq, {}).case.fingerprint() == iraq.fingerprint()
    empty = with_rows(iraq, {"labels": rows(LABEL).iloc[:0]})
    assert empty.case.fingerprint() == iraq.fingerprint()


def test_all_faults_are_told_at_once(iraq: Case) -> None:
    known = iraq.labels["source_id"].iloc[0]
    told = faults(
        iraq,
        incidents=rows(
            {**INCIDENT, "weapon_type": "dron", "source_ids": known},
            {**INCIDENT, "incident_id": ERBIL, "longitude": None, "source_ids": known},
        ),
        labels=rows(
            {**LABEL, "confidence": "likley", "source_id": known},
            {**LABEL, "incident_id": "20210215-erbil-airprot", "date": "2026-02-30"},
            {**LABEL, "incident_id": ERBIL, "date": "2019-01-01", "source_id": known},
            {**LABEL, "labeller": "us_dod", "source_id": known},
        ),
    )
    expected = (
        "incidents, row 2, column weapon_type: 'dron' is not allowed. Did you mean 'drone'?",
        f"incidents, row 3, column incident_id: '{ERBIL}' is already in the case",
        "incidents, row 3, column longitude: latitude and longitude must both be given",
        "labels, row 2, column confidence: 'likley' is not allowed. Did you mean 'likely'?",
        f"'20210215-erbil-airprot' is no incident_id of incidents.csv. Did you mean '{ERBIL}'?",
        "labels, row 3, column date: '2026-02-30' is not a date",
        "labels, row 3, column source_id: 'new_source' is no source_id of sources.csv",
        "labels, row 4, column date: '2019-01-01' is more than 30 days before the incident",
        "labels, row 5, column labeller_type: 'analyst' is not the type of us_dod",
    )
    for text in expected:
        assert any(text in fault for fault in told), (text, told)
    assert len(told) == len(expected)


def test_it_is_an_error_of_the_input(iraq: Case) -> None:
    with pytest.raises(CaseError, match="1 fault in the new rows:"):
        with_rows(iraq, {"labels": rows(LABEL | {"incident_id": ERBIL})})


def test_a_row_of_the_case_is_not_added_again(iraq: Case) -> None:
    (told,) = faults(iraq, labels=iraq.labels.iloc[[3]])
    assert "is already in the case; rows can be added, not changed" in told


def test_missing_and_double_columns(iraq: Case) -> None:
    told = faults(iraq, labels=rows(LABEL).drop(columns="confidence"), sources=rows(SOURCE))
    assert any("labels, row 1, column confidence: this column is missing" in t for t in told)
    twice = rows(LABEL)[[*LABEL, "date"]]
    assert faults(iraq, labels=twice)[0].startswith(
        "labels, row 1, column date: the heading 'date'"
    )
    assert "the table has no columns" in faults(iraq, labels=pd.DataFrame())[0]


def test_a_file_that_cannot_be_read(iraq: Case, tmp_path: Path) -> None:
    assert "this file is missing" in faults(iraq, labels=tmp_path / "no.csv")[0]
    assert "there is no folder" in faults(iraq, labels=tmp_path / "no" / "no.csv")[0]
    (tmp_path / "bad.csv").write_bytes(b"incident_id\xff\n")
    assert "is not UTF-8" in faults(iraq, labels=tmp_path / "bad.csv")[0]


def test_labellers_and_groups_that_are_new_are_passed_over_with_a_note(iraq: Case) -> None:
    known = {"incident_id": ERBIL, "source_id": iraq.labels["source_id"].iloc[0]}
    added = with_rows(
        iraq,
        {
            "labels": rows(
                LABEL | known | {"labeller": "us_dodd"},
                LABEL | known | {"group_id": "nobody_knows_them"},
                LABEL | known,
            ).assign(mood="grim"),
            "statements": rows(STATEMENT | known | {"speaker_id": "a_new_front"}),
        },
    )
    assert len(added.case.labels) == len(iraq.labels) + 1
    assert len(added.case.statements) == len(iraq.statements)
    told = "\n".join(added.notes)
    assert "labels, row 2: this label is not used: unknown labeller 'us_dodd'" in told
    assert "nearest: us_dod); add it to labellers.csv and refit" in told
    assert "labels, row 3: this label is not used: unknown group 'nobody_knows_them'" in told
    assert "statements, row 2: this statement is not used: unknown group 'a_new_front'" in told
    assert "column 'mood' is not used" in told


def test_a_model_without_hindsight_takes_nothing_later(iraq: Case) -> None:
    known = iraq.known_by(date(2021, 2, 24))
    source = iraq.sources.loc[iraq.sources["date"] > "2021-03-01", "source_id"].iloc[0]
    early = LABEL | {"incident_id": ERBIL, "source_id": source, "date": "2021-02-20"}
    assert len(with_rows(known, {"labels": rows(early)}).case.labels) == len(known.labels) + 1
    for later in ({"date": "2021-02-25"}, {"date": ""}):
        (told,) = faults(known, labels=rows(early | later))
        assert "is not known to be on or before the model's as-of date" in told
        assert "until 2021-02-24" in told
