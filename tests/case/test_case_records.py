import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pytest

from attribution.case.records import plain, records, scalar


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (np.float64("nan"), None),
        (float("inf"), None),
        (pd.NaT, None),
        (pd.NA, None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (True, True),
        ("text", "text"),
        (pd.Timestamp("2021-02-15"), "2021-02-15"),
        (date(2021, 2, 15), "2021-02-15"),
    ],
)
def test_scalars(value: object, expected: object) -> None:
    found = scalar(value)
    assert found == expected
    assert type(found) is type(expected)


def test_tables_and_nested_values_become_json() -> None:
    @dataclass(frozen=True)
    class Thing:
        name: str
        table: pd.DataFrame

    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2020-01-01", None]),
            "count": pd.array([1, None], dtype="Int64"),
            "p": [0.5, float("nan")],
            "ok": [True, False],
        }
    )
    content = plain({"things": (Thing("a", frame),), 1: None})
    assert json.loads(json.dumps(content, allow_nan=False)) == {
        "things": [
            {
                "name": "a",
                "table": [
                    {"day": "2020-01-01", "count": 1, "p": 0.5, "ok": True},
                    {"day": None, "count": None, "p": None, "ok": False},
                ],
            }
        ],
        "1": None,
    }
    assert records(frame[:0]) == []
