"""Exports: the numbers of `attribute`, harmless texts, whole files, the same bytes again."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_posterior import FakePosterior
from hostile_text import HOSTILE
from small_case import small_case

from attribution.exports.chosen import Selection, export_table
from attribution.exports.export import (
    ENDINGS,
    ExportFormat,
    ExportFormatError,
    content_of,
    export,
    export_format,
)
from attribution.exports.parquet import MODEL
from attribution.posterior.posterior import Posterior

ROCKETS = Selection("2021-01-01", "2021-06-30", {"weapon_type": ("rocket",)})
NOTHING = Selection("2000-01-01", "2000-12-31")


def collection(posterior: Posterior | FakePosterior, selection: Selection) -> dict:
    return json.loads(
        content_of(posterior, ExportFormat.GEOJSON, selection),
        parse_constant=lambda name: pytest.fail(f"{name} is no JSON"),
    )


def test_every_format_has_the_numbers_of_attribute(posterior: Posterior) -> None:
    expected = posterior.attribute().set_index("incident_id")
    numbers = [name for name in expected if expected[name].dtype == np.float64]
    assert len(numbers) == 3 * len(posterior.actors) + 2
    read = {
        "csv": pd.read_csv(
            io.BytesIO(content_of(posterior, ExportFormat.CSV, Selection())),
            keep_default_na=False,
        ),
        "parquet": pq.read_table(
            pa.BufferReader(content_of(posterior, ExportFormat.PARQUET, Selection()))
        ).to_pandas(),
        "geojson": pd.DataFrame(
            [each["properties"] for each in collection(posterior, Selection())["features"]]
        ),
    }
    for kind, table in read.items():
        found = table.set_index("incident_id")
        assert list(found.index) == list(expected.index), kind
        pd.testing.assert_frame_equal(
            found[numbers], expected[numbers], check_exact=True, check_names=False
        )
        for name in ("top_actor", "words", "evidence", "status"):
            assert list(found[name]) == list(expected[name]), kind


def test_a_selection_has_the_same_numbers_as_the_whole(posterior: Posterior) -> None:
    some, every = export_table(posterior, ROCKETS), export_table(posterior, Selection())
    assert 0 < len(some) < len(every)
    pd.testing.assert_frame_equal(some, every.loc[some.index], check_exact=True)
    assert set(some["weapon_type"]) == {"rocket"}
    assert some["date"].between("2021-01-01", "2021-06-30").all()


def test_geojson_is_what_the_standard_asks(posterior: Posterior) -> None:
    found = collection(posterior, Selection())
    assert found["type"] == "FeatureCollection"
    assert found["model"]["case_fingerprint"] == posterior.manifest.case_fingerprint
    incidents = posterior.case.incidents
    assert [each["id"] for each in found["features"]] == list(incidents["incident_id"])
    for each, row in zip(found["features"], incidents.itertuples(), strict=True):
        assert set(each) == {"type", "id", "geometry", "properties"}
        assert each["type"] == "Feature"
        assert {"latitude", "longitude"}.isdisjoint(each["properties"])
        if math.isnan(row.latitude):
            assert each["geometry"] is None
        else:
            assert each["geometry"] == {
                "type": "Point",
                "coordinates": [row.longitude, row.latitude],
            }
    assert sum(each["geometry"] is None for each in found["features"]) == 6


def test_a_position_of_which_half_is_known_is_none() -> None:
    rows = ({"incident_id": "i0", "date": "2020-11-05", "latitude": 34.0},)
    fake = FakePosterior(small_case(incidents=rows, statements=(), labels=()))
    assert collection(fake, Selection())["features"][0]["geometry"] is None


def test_hostile_text_stays_text(hostile: FakePosterior) -> None:
    feature = collection(hostile, Selection())["features"][0]
    assert feature["id"] == f"i0{HOSTILE}"
    assert feature["properties"]["place"] == HOSTILE
    rows = list(
        csv.DictReader(
            io.StringIO(content_of(hostile, ExportFormat.CSV, Selection()).decode(), newline="")
        )
    )
    assert len(rows) == len(hostile.case.incidents)
    assert rows[0]["place"] == f"'{HOSTILE}"
    for row in rows:
        assert not any(str(cell).startswith(("=", "+", "@", "\t", "\r")) for cell in row.values())
    table = pq.read_table(pa.BufferReader(content_of(hostile, ExportFormat.PARQUET, Selection())))
    assert table["place"][0].as_py() == HOSTILE


def test_parquet_is_typed_and_says_which_fit_answered(posterior: Posterior) -> None:
    content = content_of(posterior, ExportFormat.PARQUET, Selection())
    schema = pq.read_schema(pa.BufferReader(content))
    kinds = {"date": pa.date32(), "killed": pa.int64(), "place": pa.string(), "top_p": pa.float64()}
    assert {name: schema.field(name).type for name in kinds} == kinds
    facts = json.loads(schema.metadata[MODEL])
    assert facts["case_fingerprint"] == posterior.manifest.case_fingerprint


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_the_same_again_is_the_same_bytes(hostile: FakePosterior, kind: ExportFormat) -> None:
    first = content_of(hostile, kind, Selection())
    assert content_of(FakePosterior(hostile.case), kind, Selection()) == first


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_nothing_chosen_is_a_file_of_nothing(hostile: FakePosterior, kind: ExportFormat) -> None:
    content = content_of(hostile, kind, NOTHING)
    match kind:
        case ExportFormat.CSV:
            header = content.decode().splitlines()
            assert len(header) == 1
            assert header[0].startswith("incident_id,date,")
        case ExportFormat.PARQUET:
            table = pq.read_table(pa.BufferReader(content))
            assert table.num_rows == 0
            assert table.schema.field("top_p").type == pa.float64()
        case ExportFormat.GEOJSON:
            assert json.loads(content)["features"] == []
        case ExportFormat.STIX:
            kinds = {each["type"] for each in json.loads(content)["objects"]}
            assert "incident" not in kinds
            assert "threat-actor" in kinds


def test_a_column_of_the_case_does_not_hide_one_of_the_answer() -> None:
    case = small_case()
    tables = dict(case.tables)
    tables["incidents"] = tables["incidents"].assign(status="closed", top_p="none")
    fake = FakePosterior(type(case)(case.config, tables))
    table = export_table(fake, Selection())
    assert set(table["case_status"]) == {"closed"}
    assert set(table["status"]) == {"ok"}
    assert table.columns.is_unique


def test_the_name_tells_the_format() -> None:
    for ending, kind in ENDINGS.items():
        assert export_format(Path(f"a.b{ending}")) is kind
        assert export_format(Path(f"A{ending.upper()}")) is kind
    assert export_format(Path("a.csv"), "parquet") is ExportFormat.PARQUET
    with pytest.raises(ExportFormatError, match=r"'a.json' does not tell a format.*\.geojson"):
        export_format(Path("a.json"))
    with pytest.raises(ExportFormatError, match="Did you mean 'geojson'"):
        export_format(Path("a"), "geojsn")


def test_a_file_is_written_whole_or_not_at_all(
    hostile: FakePosterior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("former")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            export(hostile, path)
    assert path.read_text() == "former"
    assert export(hostile, path) == len(hostile.case.incidents)
    assert path.read_text().startswith("incident_id,")
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


def test_unknown_words_of_a_selection_are_refused(posterior: Posterior) -> None:
    with pytest.raises(ValueError, match="nearest: rocket"):
        export_table(posterior, Selection(where={"weapon_type": ("rockt",)}))
