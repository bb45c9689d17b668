from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from echo import Echo

from attribution.case.case import Case
from attribution.scoring.errors import InputFileError, ScoreSettingsError
from attribution.scoring.files import ScoreSettings, score_file
from attribution.scoring.translation import (
    LAYOUTS,
    OURS,
    bundled_layout,
    read_vocabulary,
    translate,
    translation,
)

KNOWN = {"weapon_type": ("rocket", "drone", "ied"), "target_type": ("airport",)}


def batch(**columns: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


def test_columns_are_taken_under_other_names() -> None:
    how = translation({"date": "when", "place": "site"})
    given = batch(when=["2020-01-01"], site=["x"], place=["old"], other=["y"])
    result, unmapped = translate(given, how)
    assert result.to_pydict() == {
        "when": ["2020-01-01"], "site": ["x"], "other": ["y"], "date": ["2020-01-01"],
        "place": ["x"],
    }  # fmt: skip
    assert unmapped == {}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (ScoreSettings(columns={"dat": "x"}), r"column 'dat' is not known \(nearest: date\)"),
        (ScoreSettings(layout="alced"), r"layout 'alced' is not known \(nearest: acled\)"),
        (ScoreSettings(part_rows=0), "0 rows are no part"),
        (ScoreSettings(input_format="parket"), r"no format \(nearest: parquet\)"),
        (ScoreSettings(output_format="parquet"), "which its name denies"),
    ],
)
def test_settings_that_name_nothing(tmp_path: Path, settings: ScoreSettings, message: str) -> None:
    (tmp_path / "in.csv").write_text("date\n2020-01-01\n", encoding="utf-8")
    with pytest.raises(ScoreSettingsError, match=message):
        score_file(Echo(), tmp_path / "in.csv", tmp_path / "out.csv", settings)


def test_a_column_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("event_date\n2020-01-01\n", encoding="utf-8")
    settings = ScoreSettings(columns={"date": "event_dat"})
    with pytest.raises(
        InputFileError, match=r"in\.csv: there is no column 'event_dat' \(nearest: event_date\)"
    ):
        score_file(Echo(), tmp_path / "in.csv", tmp_path / "out.csv", settings)


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_speak_the_words_of_the_bundled_case(name: str, iraq: Case) -> None:
    layout = bundled_layout(name)
    assert set(layout.columns) <= set(OURS)
    assert layout.date_formats or layout.date_parts
    vocabularies = iraq.config.vocabularies
    for column, words in layout.vocabulary.items():
        assert set(words.values()) <= {*vocabularies[column], ""}, column
    for column, words in layout.spelling.items():
        assert set(words.values()) <= set(vocabularies[column]), column
        assert not set(words) & set(vocabularies[column])


def test_acled() -> None:
    given = batch(
        event_id_cnty=["IRQ1", "IRQ2", "IRQ3", "IRQ4", "IRQ5"],
        event_date=["2021-02-15", "15 February 2021", "15-February-2021", "15/02/2021", ""],
        sub_event_type=["Air/drone strike", "GRENADE ", "Shelling/artillery/missile attack",
                        "Arrests", "Telepathy"],
        inter2=["1", "Protesters", "", "Civilians", "Martians"],
        admin1=["Al Anbar", "Baghdad", "Erbil", "Elsewhere", ""],
        location=["a", "b", "c", "d", "e"], country=["Iraq"] * 5,
        latitude=["33"] * 5, longitude=["44"] * 5, actor1=["Someone"] * 5,
    )  # fmt: skip
    result, unmapped = translate(given, translation({}, "acled", None, KNOWN))
    columns = result.to_pydict()
    assert columns["incident_id"] == ["IRQ1", "IRQ2", "IRQ3", "IRQ4", "IRQ5"]
    assert columns["date"] == ["2021-02-15"] * 3 + ["15/02/2021", ""]
    assert columns["weapon_type"] == ["drone", "hand_grenade", "rocket", "", "Telepathy"]
    assert columns["target_type"] == ["", "protesters_activists", "", "other", "Martians"]
    assert columns["province"] == ["Anbar", "Baghdad", "Erbil", "Elsewhere", ""]
    assert columns["place"] == ["a", "b", "c", "d", "e"]
    assert "claims" not in columns
    assert unmapped == {"weapon_type": {"Telepathy": 1}, "target_type": {"Martians": 1}}


def test_names_of_a_layout_in_capitals() -> None:
    given = batch(EVENT_ID_CNTY=["IRQ1"], EVENT_DATE=["15-February-2021"], ADMIN1=["Ninewa"])
    columns = translate(given, translation({}, "acled"))[0].to_pydict()
    assert (columns["incident_id"], columns["date"]) == (["IRQ1"], ["2021-02-15"])
    assert columns["province"] == ["Nineveh"]


def test_gtd() -> None:
    given = batch(
        eventid=["1", "2", "3", "4"], iyear=["2019"] * 4, imonth=["3", "0", "12", "2"],
        iday=["4", "1", "31", "30"], country_txt=["Iraq"] * 4, provstate=["Saladin"] * 4,
        city=["x"] * 4,
        weapsubtype1_txt=["Grenade", "", "Death ray", "Death ray"],
        weaptype1_txt=["Explosives", "Firearms", "Firearms", ""],
        targsubtype1_txt=["Airport", "Soldier", "", ""],
        targtype1_txt=["Airports & Aircraft", "Military", "", "Ghosts"],
    )  # fmt: skip
    result, unmapped = translate(given, translation({}, "gtd", None, KNOWN))
    columns = result.to_pydict()
    assert columns["date"] == ["2019-03-04", "", "2019-12-31", "2019-02-30"]
    assert columns["weapon_type"] == ["hand_grenade", "small_arms", "small_arms", "Death ray"]
    assert columns["target_type"] == ["airport", "", "", "Ghosts"]
    assert columns["province"] == ["Salah al-Din"] * 4
    assert unmapped == {"weapon_type": {"Death ray": 1}, "target_type": {"Ghosts": 1}}


def test_ucdp() -> None:
    given = batch(
        id=["1", "2", "3"], date_start=["2019-05-04 00:00:00.000", "2019-05-04", "05/04/2019"],
        adm_1=["Baghdad governorate", "Nineveh governorate", "Kabul province"],
        country=["Iraq", "Iraq", "Afghanistan"], where_coordinates=["a", "b", "c"],
    )  # fmt: skip
    result, unmapped = translate(given, translation({}, "ucdp"))
    columns = result.to_pydict()
    assert columns["date"] == ["2019-05-04", "2019-05-04", "05/04/2019"]
    assert columns["province"] == ["Baghdad", "Nineveh", "Kabul province"]
    assert unmapped == {}


def test_a_users_vocabulary_goes_first_and_unmapped_words_are_counted(tmp_path: Path) -> None:
    words = tmp_path / "words.toml"
    words.write_text(
        '[weapon_type]\n"Katyusha" = "rocket"\n"Grenade" = "ied"\n"No idea" = ""\n',
        encoding="utf-8",
    )
    cells = ["katyusha", "Grenade", "No idea", "drone", "Trebuchet", "Trebuchet", "", "Catapult"]
    lines = [f"{n},2020-01-01,{cell}" for n, cell in enumerate(cells)]
    text = "\n".join(["event_id_cnty,event_date,sub_event_type", *lines, ""])
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    settings = ScoreSettings(layout="acled", vocabulary=words, part_rows=3)
    posterior = Echo()
    summary = score_file(posterior, tmp_path / "in.csv", tmp_path / "out.csv", settings)
    assert summary.unmapped == {"weapon_type": {"Trebuchet": 2, "Catapult": 1}}
    # Two parts are at work at once; which one is seen first is chance.
    frames = sorted(posterior.seen, key=lambda frame: frame["incident_id"].iloc[0])
    seen = [word for frame in frames for word in frame["weapon_type"]]
    assert seen == ["rocket", "ied", "", "drone", "Trebuchet", "Trebuchet", "", "Catapult"]


def test_columns_of_the_user_go_before_the_layout(tmp_path: Path) -> None:
    table = pa.table({"id": ["1"], "date_start": ["x"], "date_end": ["2020-01-02 00:00:00.000"]})
    pq.write_table(table, tmp_path / "in.parquet")
    settings = ScoreSettings(layout="ucdp", columns={"date": "date_end"})
    posterior = Echo()
    score_file(posterior, tmp_path / "in.parquet", tmp_path / "out.csv", settings)
    assert list(posterior.seen[0]["date"]) == ["2020-01-02"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("[weapon_type", "not readable as TOML"),
        ("[weapon]\na = 'b'\n", r"column 'weapon' is not known \(nearest: weapon_type\)"),
        ("weapon_type = 'rocket'\n", "must hold lines like"),
        ("[weapon_type]\na = 1\n", "must hold lines like"),
    ],
)
def test_a_vocabulary_at_fault(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "words.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InputFileError, match=rf"words\.toml: .*{message}"):
        read_vocabulary(path)
