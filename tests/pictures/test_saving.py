"""Saving and showing: by suffix, whole or not at all, offline, escaped."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from matplotlib.image import imread

from attribution.pictures.borders import Frame, frame_of, outline
from attribution.pictures.picture import COLUMN, SUFFIXES, Picture, PictureError
from attribution.posterior.posterior import Posterior

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def picture(small: Posterior) -> Picture:
    return small.explain("i1").plot()


def test_bitmaps_are_as_wide_as_asked(picture: Picture, tmp_path: Path) -> None:
    picture.save(tmp_path / "wide.png")
    picture.save(tmp_path / "column.PNG", width=COLUMN)
    wide, column = imread(tmp_path / "wide.png"), imread(tmp_path / "column.PNG")
    assert wide.shape[1] == 2 * column.shape[1] == 1400
    assert wide.std() > 0.05
    assert column.std() > 0.05


def test_drawings_for_paper(picture: Picture, tmp_path: Path) -> None:
    picture.save(tmp_path / "a.svg")
    root = ET.parse(tmp_path / "a.svg").getroot()
    assert root.tag == f"{SVG}svg"
    assert len(root.findall(f".//{SVG}path")) > 30
    assert picture.title in (tmp_path / "a.svg").read_text(encoding="utf-8")
    picture.save(tmp_path / "a.pdf")
    content = (tmp_path / "a.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert len(content) > 5000


def test_the_table_and_the_specification(picture: Picture, tmp_path: Path) -> None:
    picture.save(tmp_path / "a.csv")
    table = pd.read_csv(tmp_path / "a.csv", keep_default_na=False)
    assert list(table) == list(picture.table)
    assert table["decibans"].tolist() == pytest.approx(picture.table["decibans"].tolist())
    picture.save(tmp_path / "a.json")
    chart = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert chart["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    assert chart == picture.chart().to_dict()


class Loads(HTMLParser):
    """Addresses that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {value}" for name, value in attrs if name in ("src", "href")]


def test_a_page_needs_nothing_else(picture: Picture, tmp_path: Path) -> None:
    picture.save(tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    loads = Loads()
    loads.feed(page)
    assert loads.found == []
    assert "default-src 'none'" in page
    assert "unsafe-eval" not in page
    assert '"ast": true' in page
    assert "<table" in page
    assert page.count("</script>") == page.count("<script>") == 2


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_the_same_picture_is_the_same_file(picture: Picture, tmp_path: Path, suffix: str) -> None:
    picture.save(tmp_path / f"a.{suffix}")
    picture.save(tmp_path / f"b.{suffix}")
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.pgn", "Did you mean '.png'"),
        ("a", "the name has no suffix"),
        ("a.docx", "'.docx' is no picture's suffix"),
    ],
)
def test_other_suffixes_are_refused_with_those_allowed(
    picture: Picture, tmp_path: Path, name: str, said: str
) -> None:
    with pytest.raises(PictureError, match=re.escape(said)) as error:
        picture.save(tmp_path / name)
    assert all(suffix in str(error.value) for suffix in SUFFIXES)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_half_written(picture: Picture, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        picture.save(tmp_path / "nowhere" / "a.png")
    (tmp_path / "taken.csv").mkdir()
    with pytest.raises(OSError, match="taken"):
        picture.save(tmp_path / "taken.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.csv"]
    assert list((tmp_path / "taken.csv").iterdir()) == []


def test_notebooks_show_picture_text_and_table(picture: Picture) -> None:
    bundle = picture._repr_mimebundle_()
    assert bundle["text/plain"] == f"{picture.title}\n{picture.text}"
    shown = bundle["text/html"]
    assert shown == picture._repr_html_()
    assert shown.startswith('<figure><svg role="img" aria-label="')
    assert "<?xml" not in shown
    assert "<script" not in shown
    assert "<table" in shown


def test_notebooks_show_posteriors_explanations_and_what_ifs(small: Posterior) -> None:
    said = small._repr_html_()
    assert "share of all incidents" in said
    assert all(name in said for name in small.actor_names.values())
    explanation = small.explain("i1", against=None)
    assert explanation._repr_html_().count("<svg") == 1
    answer = small.what_if("i1", weapon_type="drone", place="<b>nowhere</b> & co")
    shown = answer._repr_html_()
    assert "&lt;b&gt;nowhere" in shown
    assert "<b>nowhere" not in shown
    assert "before" in shown
    made_up = small.what_if(weapon_type="drone")._repr_html_()
    assert "<th>after</th>" in made_up
    assert "<th>before</th>" not in made_up


def test_outlines_are_small_bundled_and_where_they_belong() -> None:
    from attribution.pictures import borders

    assert borders._FILE.stat().st_size < 60_000
    content = json.loads(borders._FILE.read_text(encoding="utf-8"))
    assert "Natural Earth" in content["source"]
    assert content["licence"].startswith("public domain")
    iraq = outline(Frame(38.0, 29.0, 49.0, 38.0))
    assert len(iraq.lines) > 10
    assert "Iraq" in {name for name, *_ in iraq.written(0.01)}
    # Baghdad lies inside the lines, the border with Iran east of it.
    east = [line for line in iraq.lines if ((line[:, 0] > 44.9) & (line[:, 1] > 33)).any()]
    assert east
    elsewhere = outline(frame_of_point(-74.0, 4.6))
    assert elsewhere.lines
    assert elsewhere.names == ()


def frame_of_point(longitude: float, latitude: float) -> Frame:
    import numpy as np

    frame = frame_of(np.array([longitude]), np.array([latitude]))
    assert frame.west < longitude < frame.east
    assert frame.east - frame.west >= 3
    return frame


def test_the_wheel_holds_the_outlines() -> None:
    import tomllib

    root = Path(__file__).parents[2]
    build = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["packages"] == ["attribution"]
    ignored = (root / ".gitignore").read_text().splitlines()
    assert not any("json" in line for line in ignored)
    assert (root / "attribution" / "pictures" / "borders.json").is_file()
