"""The history of an attribution: nothing dated later is ever used."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up import made_up
from small_case import CHANNELS, LABEL_ROWS, STATEMENT_ROWS, small_case

from attribution.case.case import Case
from attribution.posterior.posterior import Posterior
from attribution.posterior.views import history

ERBIL = "20210215-erbil-airport"
PARTS = ["p", "lo", "hi"]


@pytest.fixture(scope="module")
def erbil(bundled: Posterior) -> pd.DataFrame:
    return history(bundled, ERBIL)


def on(table: pd.DataFrame, day: str) -> pd.Series:
    """Probabilities by the last row up to a day."""
    known = table[table["as_of"] <= pd.Timestamp(day)]
    return known[known["as_of"] == known["as_of"].max()].set_index("actor")["p"]


def test_every_day_is_a_distribution_and_the_last_is_attribute(
    bundled: Posterior, erbil: pd.DataFrame
) -> None:
    assert erbil["as_of"].is_monotonic_increasing
    np.testing.assert_allclose(erbil.groupby("as_of")["p"].sum(), 1.0)
    now = bundled.attribute([ERBIL]).iloc[0]
    last = erbil.groupby("actor").last()
    for actor in bundled.actors:
        assert last.loc[actor, "p"] == now[f"p_{actor}"]
        assert last.loc[actor, "lo"] == now[f"lo_{actor}"]


def test_erbil_leans_as_the_evidence_came_in(erbil: pd.DataFrame) -> None:
    before, after = on(erbil, "2021-02-24"), on(erbil, "2021-03-03")
    assert before.idxmax() == "asaib_ahl_al_haq"
    assert after.idxmax() == "kataib_sayyid_al_shuhada"
    assert after["kataib_sayyid_al_shuhada"] > before["kataib_sayyid_al_shuhada"] + 0.2


def dated(rows, **extra):
    """The small case's rows about the incident i1, known when their dates say."""
    days = ("2021-03-01", "2021-04-01", "2021-05-01", "2021-06-01")
    own = [{**row, **extra} for row in rows if row["incident_id"] == "i1"]
    return tuple({**row, "date": day} for row, day in zip(own, days, strict=False))


def with_later(case: Case, table: str, rows: pd.DataFrame) -> Case:
    tables = {**case.tables, table: pd.concat([case.tables[table], rows], ignore_index=True)}
    return replace(case, tables=tables)


@pytest.mark.parametrize("table", ["labels", "statements"])
def test_evidence_dated_later_changes_nothing_before_it(table: str) -> None:
    case = small_case(
        channels=CHANNELS,
        labels=(*dated(LABEL_ROWS), *LABEL_ROWS),
        statements=(*dated(STATEMENT_ROWS), *STATEMENT_ROWS),
    )
    posterior = made_up(case, draws=20)
    rows = case.tables[table]
    # What was said of another incident, and the same said of this one.
    other = rows[rows["incident_id"] == "i2"].head(1)
    later = pd.concat([other.assign(incident_id="i1"), other])
    later = later.assign(date=pd.Timestamp("2023-01-01"))
    grown = with_later(case, table, later)
    after = replace(posterior, case=grown, stack=posterior.stack.revised(grown))

    count = len(case.config.actors)
    then, now = history(posterior, "i1"), history(after, "i1")
    limit = pd.Timestamp("2023-01-01")
    # The last row of a history knows everything, whatever its date.
    first = then.iloc[:-count]
    again = now[now["as_of"] < limit].iloc[: len(first)]
    assert len(first) >= 3 * count
    pd.testing.assert_frame_equal(
        first[["as_of", "learned", "actor", *PARTS]].reset_index(drop=True),
        again[["as_of", "learned", "actor", *PARTS]].reset_index(drop=True),
    )
    came = now[now["as_of"] == limit].iloc[:count]
    moved = came[PARTS].to_numpy() - first[PARTS].to_numpy()[-count:]
    assert np.abs(moved).max() > 1e-3


def test_undated_evidence_is_known_at_last_only() -> None:
    case = small_case(channels=CHANNELS)
    posterior = made_up(case, draws=20)
    table = history(posterior, "i1")
    assert table["as_of"].nunique() == 2
    assert table["learned"].iloc[0] == "the incident"
    assert "(undated)" in table["learned"].iloc[-1]
    first = table.iloc[: len(case.config.actors)]
    hidden = small_case(channels=CHANNELS, labels=(), statements=())
    nothing = replace(posterior, case=hidden, stack=posterior.stack.revised(hidden))
    bare = nothing.attribute(["i1"]).iloc[0]
    for row in first.to_dict("records"):
        assert row["p"] == pytest.approx(bare[f"p_{row['actor']}"])
