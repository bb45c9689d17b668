import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fake_posterior import FakePosterior

from attribution.case.case import Case
from attribution.model.words import signed
from attribution.report.headline import headline
from attribution.report.html import render_report, write_report
from attribution.report.incident import TOTAL, IncidentView, Piece, Source, incident_view
from attribution.report.waterfall import waterfall

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Balanced(HTMLParser):
    """Checks that every element is closed, and gathers what a page could load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in {"src", "srcset", "data", "poster", "action"} or name.startswith("on"):
                self.loads.append(f"{tag} {name}={value}")
            if name == "id":
                self.ids.add(value or "")
            if name == "href" and (value or "").startswith("#"):
                self.anchors.add((value or "")[1:])

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def posterior(iraq: Case) -> FakePosterior:
    return FakePosterior(iraq)


@pytest.fixture(scope="module")
def erbil(posterior: FakePosterior) -> IncidentView:
    explanation = posterior.explain("20210215-erbil-airport")
    return incident_view(posterior.case, posterior.actor_names, explanation)


def parsed(document: str) -> Balanced:
    parser = Balanced()
    parser.feed(document)
    parser.close()
    assert parser.open == []
    return parser


def test_the_report_needs_nothing_from_outside(
    posterior: FakePosterior, erbil: IncidentView
) -> None:
    document = render_report(posterior, headline(posterior), erbil)
    page = parsed(document)
    assert page.loads == []
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "form", "svg"})
    assert "url(" not in document
    assert "@import" not in document
    assert page.anchors <= page.ids


def test_the_report_shows_what_the_text_shows(
    posterior: FakePosterior, erbil: IncidentView
) -> None:
    head = headline(posterior)
    document = render_report(posterior, head, erbil)
    for name in posterior.actor_names.values():
        assert name in document
    for piece in erbil.pieces:
        assert signed(piece.decibans) in document
    assert f"{head.n_incidents} incidents" in document
    assert posterior.case.fingerprint() in document
    assert "pymc 6.4.0" in document
    assert not re.search(r"\bnan\b|\bNaT\b|\bNone\b|Undefined", document)


def test_text_from_files_cannot_become_markup(
    posterior: FakePosterior, erbil: IncidentView
) -> None:
    attack = "<script>alert('x')</script>\"'&"
    source = Source(attack, attack, attack, attack, f"javascript:{attack}")
    piece = Piece("label", attack, attack, "", 1.0, 0.0, 2.0, source)
    view = dataclasses.replace(
        erbil,
        incident_id=attack,
        facts=(("Place", attack),),
        actor=attack,
        pieces=(piece,),
        missing=(attack,),
    )
    document = render_report(posterior, headline(posterior), view)
    assert "<script" not in document
    assert 'href="javascript' not in document
    assert "script" not in parsed(document).tags


def test_a_failed_fit_is_told(iraq: Case, erbil: IncidentView) -> None:
    failed = FakePosterior(iraq, passed=False)
    document = render_report(failed, headline(failed), erbil)
    assert "failed its own diagnostics" in document


def test_writing_replaces_the_file_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report("first", path)
    write_report("كتائب \udce9", path)
    assert path.read_text(encoding="utf-8") == "كتائب ?"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(OSError, match="Is a directory"):
        write_report("x", tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def piece(name: str, decibans: float) -> Piece:
    return Piece(name, "channel", "text", "", decibans, decibans, decibans, None)


def test_bars_follow_on_each_other_and_the_total_starts_at_zero() -> None:
    drawing = waterfall(
        [piece("base rate", -4.0), piece("a", 6.0), piece("b", -1.0), piece(TOTAL, 1.0)]
    )
    base, a, b, total = drawing.bars
    assert base.left + base.width == pytest.approx(drawing.zero)
    assert a.left == pytest.approx(base.left)
    assert b.left + b.width == pytest.approx(a.left + a.width)
    assert total.left == pytest.approx(drawing.zero)
    assert total.left + total.width == pytest.approx(b.left)
    assert [bar.rises for bar in drawing.bars] == [False, True, False, True]
    assert [bar.is_total for bar in drawing.bars] == [False, False, False, True]
    # Six decibans are six times as wide as one.
    assert a.width == pytest.approx(6 * b.width)
    assert all(bar.left >= 0 and bar.left + bar.width <= 100 for bar in drawing.bars)


def test_a_waterfall_of_nothing_still_has_a_place() -> None:
    drawing = waterfall([piece("base rate", 0.0), piece(TOTAL, 0.0)])
    assert 0 < drawing.zero < 100
    assert waterfall([]).bars == ()
