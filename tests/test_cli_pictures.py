"""attribution picture: what it writes, prints and refuses."""

from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from command import call

from attribution.cli.pictures import Kind
from attribution.posterior.posterior import Posterior

ERBIL = "20210215-erbil-airport"
AGAINST_ITSELF = ("waterfall", "--incident", ERBIL, "--actor", "isis", "--against", "isis")
OPTIONS: dict[Kind, tuple[str, ...]] = {
    Kind.WATERFALL: ("--incident", ERBIL, "--against", "kataib_hezbollah"),
    Kind.HISTORY: ("--incident", ERBIL),
    Kind.BRAND_DRIFT: ("--brand", "ashab_al_kahf"),
    Kind.OVER_TIME: ("--by", "year", "--from", "2021-01-01", "--country", "Iraq"),
    Kind.BRANDS: ("--most", "3", "--on", "2021-06-01"),
}


@pytest.fixture
def run(bundled: Posterior, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("attribution.posterior.store.load", lambda *_: bundled)
    monkeypatch.chdir(tmp_path)

    return partial(call, "picture", ".")


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_drawn_and_told(run, kind: Kind, tmp_path: Path) -> None:
    result = run(kind.value, *OPTIONS.get(kind, ()), "-o", "a.svg", "--width", "3.5")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").count("<path") > 30
    assert " %" in result.stdout
    assert "Picture: " in result.stdout


def test_the_table_is_the_posteriors(run, bundled: Posterior, tmp_path: Path) -> None:
    arguments = ("--weapon-type", "rocket", "--by", "month", "--to", "2020-12-31")
    assert run("over-time", *arguments, "-o", "a.csv").exit_code == 0
    table = pd.read_csv(tmp_path / "a.csv")
    shares = bundled.shares(end="2020-12-31", by="month", where={"weapon_type": ["rocket"]})
    assert table["share"].tolist() == pytest.approx(shares["share"].tolist(), rel=1e-12)
    assert table["period"].tolist() == shares["period"].tolist()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("waterfall", "-o", "a.png"), 2, "waterfall needs --incident"),
        (("map", "--by", "year", "-o", "a.png"), 2, "map does not read --by, but --from, --to"),
        (("preferences", "--most", "3", "-o", "a.png"), 2, "preferences does not read --most"),
        (("map", "-o", "a.pgn"), 2, "Did you mean '.png'"),
        (("mapp", "-o", "a.png"), 2, "'brand-drift'"),
        (("map", "--width", "1", "-o", "a.png"), 2, "--width"),
        (("map", "--from", "2021-01-02", "--to", "2021-01-01", "-o", "a.png"), 2, "lies after"),
        (("map", "--province", "Bagdad", "-o", "a.png"), 1, "Did you mean 'Baghdad'"),
        (("map", "--to", "1990-01-01", "-o", "a.png"), 1, "there is no incident"),
        (("map", "-o", "nowhere/a.png"), 1, "name a file in a folder"),
        (("history", "--incident", "x", "-o", "a.png"), 1, "no incident 'x'"),
        (("brand-drift", "--brand", "ashab_al_kaf", "-o", "a.png"), 1, "ashab_al_kahf"),
        (
            (
                "waterfall",
                "--incident",
                ERBIL,
                "--actor",
                "isis",
                "--against",
                "isis",
                "-o",
                "a.png",
            ),
            2,
            "name the same actor",
        ),
    ],
)
def test_mistakes_are_explained_and_nothing_is_written(
    run, arguments: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []
