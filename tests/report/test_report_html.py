"""Reports as web pages: whole, harmless, and with the numbers of `attribute`."""

import base64
import dataclasses
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fake_posterior import FakePosterior
from hostile_text import HOSTILE
from small_case import small_case

from attribution.case.case import Case
from attribution.model.words import interval, percent, signed
from attribution.report.contents import Contents, Scope, report_contents
from attribution.report.html import render_note, render_report, write_report
from attribution.report.incident import TOTAL, Piece, Source
from attribution.report.note import note_on
from attribution.report.waterfall import waterfall

ERBIL = "20210215-erbil-airport"
VOID = {"meta", "br", "hr", "img", "link", "input"}
DATA = "application/json"


class Page(HTMLParser):
    """Checks that every element is closed, and gathers what a page holds and could load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.policy = ""
        self.scripts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append((given.get("type", ""), ""))
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        for name, value in given.items():
            if name in {"src", "srcset", "data", "poster", "action"} or name.startswith("on"):
                self.loads.append(f"{tag} {name}={value}")
            if name == "id":
                self.ids.append(value)
            if name == "href" and value.startswith("#"):
                self.anchors.add(value[1:])
            elif name == "href":
                self.links.append(value)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            kind, before = self.scripts.pop()
            self.scripts.append((kind, before + data))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def parsed(document: str) -> Page:
    page = Page()
    page.feed(document)
    page.close()
    assert page.open == []
    assert len(page.ids) == len(set(page.ids)), "an id occurs twice"
    return page


def data_of(page: Page) -> dict:
    (text,) = [text for kind, text in page.scripts if kind == DATA]
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.fixture(scope="module")
def posterior(iraq: Case) -> FakePosterior:
    return FakePosterior(iraq)


@pytest.fixture(scope="module")
def contents(posterior: FakePosterior) -> Contents:
    some = posterior.case.incidents["incident_id"][::40]
    return report_contents(posterior, Scope(explained=(ERBIL, *some), featured=ERBIL))


@pytest.fixture(scope="module")
def document(posterior: FakePosterior, contents: Contents) -> str:
    return render_report(posterior, contents)


@pytest.fixture(scope="module")
def page(document: str) -> Page:
    return parsed(document)


def test_the_report_needs_nothing_from_outside(document: str, page: Page) -> None:
    assert document.startswith("<!DOCTYPE html>")
    assert page.loads == []
    assert page.tags.isdisjoint({"link", "img", "iframe", "object", "embed", "base", "svg"})
    assert "url(" not in document
    assert "@import" not in document
    assert page.anchors <= set(page.ids)
    assert page.links
    assert all(link.startswith(("https://", "http://")) for link in page.links)


def test_only_the_reports_own_scripts_may_run(page: Page) -> None:
    own = [text for kind, text in page.scripts if kind != DATA]
    assert len(own) == 1  # no charts, so no library for them
    digests = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in own}
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    assert set(rules["script-src"].split()) == {f"'sha256-{digest}'" for digest in digests}
    assert rules["default-src"] == "'none'"
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    assert "http" not in page.policy
    assert "unsafe-eval" not in page.policy


def test_the_scripts_make_no_markup_of_data(page: Page) -> None:
    (own,) = [text for kind, text in page.scripts if kind != DATA]
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch("):
        assert word not in own


def test_the_numbers_are_those_of_attribute(
    posterior: FakePosterior, contents: Contents, page: Page
) -> None:
    data = data_of(page)
    expected = posterior.attribute()
    assert [actor["id"] for actor in data["actors"]] == list(posterior.actors)
    assert [each["id"] for each in data["incidents"]] == list(expected["incident_id"])
    for prefix in ("p", "lo", "hi"):
        columns = [f"{prefix}_{actor}" for actor in posterior.actors]
        found = [each[prefix] for each in data["incidents"]]
        assert found == expected[columns].to_numpy().tolist()
    for row, (_, answer) in zip(contents.entries.rows, expected.iterrows(), strict=True):
        top = answer["top_actor"]
        assert (row.actor, row.p) == (top, answer["top_p"])
        assert row.chance == percent(answer["top_p"])
        assert row.interval == interval(answer[f"lo_{top}"], answer[f"hi_{top}"])


def test_what_opens_is_the_explanation(posterior: FakePosterior, page: Page) -> None:
    data = data_of(page)
    labelled = set(posterior.case.labels["incident_id"])
    opened = {each["id"]: each for each in data["incidents"] if "pieces" in each}
    assert ERBIL in opened
    for incident_id, entry in opened.items():
        table = posterior.explain(incident_id).table
        written = [(data["texts"][piece[1]], piece[2]) for piece in entry["pieces"]]
        assert len(written) == len(table)
        for (text, decibans), piece in zip(written, table.itertuples(), strict=True):
            assert text.startswith(piece.text)
            assert decibans == signed(piece.decibans)
        for piece in entry["pieces"]:
            for _, number in piece[7]:
                assert data["sources"][entry["sources"][number - 1]]
        row = posterior.attribute([incident_id]).iloc[0]
        name, chance, *_ = entry["chances"][0]
        assert data["texts"][name] == posterior.actor_names[row["top_actor"]]
        assert chance == percent(row["top_p"])
        told = " ".join(data["texts"][number] for number in entry["missing"])
        highest = percent(posterior.missing(incident_id).at[0, "highest"])
        assert (highest in told) == (incident_id not in labelled)


def test_without_scripts_headline_and_tables_are_there(
    posterior: FakePosterior, contents: Contents, document: str
) -> None:
    page = html.unescape(re.sub(r"<script.*?</script>", "", document, flags=re.DOTALL))
    assert contents.head is not None
    for share in contents.head.shares:
        assert percent(share.share) in page
    assert f"{contents.head.n_incidents} incidents" in page
    for incident_id in posterior.case.incidents["incident_id"]:
        assert f'<span class="id">{incident_id}</span>' in page
    for name in posterior.actor_names.values():
        assert name in page
    assert contents.featured is not None
    for piece in contents.featured.pieces:
        assert signed(piece.decibans) in page
    assert posterior.case.fingerprint() in page
    assert "pymc 6.4.0" in page
    assert not re.search(r"\bnan\b|\bNaT\b|\bNone\b|Undefined|<NA>", page)


def test_every_paper_that_is_cited_is_listed(contents: Contents, document: str) -> None:
    cited = set(re.findall(r"([A-Z][a-z]+)[^().;]*? (\d{4})", " ".join(contents.methods)))
    assert {("Dawid", "1979"), ("Hoffman", "2014"), ("Vehtari", "2021")} <= cited
    references = re.findall(r"<li>(.*?)</li>", document.split("References</h3>")[1])
    for name, year in cited - {("ICD", "203")}:
        assert any(name in text and year in text for text in references), (name, year)


def hostile_posterior() -> FakePosterior:
    attack = f"</script>{HOSTILE}\u2028<!--"
    case = small_case(
        incidents=({"incident_id": attack, "date": "2020-11-05", "place": attack},),
        statements=(),
        labels=({"incident_id": attack, "labeller": "us"},),
    )
    tables = dict(case.tables)
    tables["labellers"] = tables["labellers"].assign(name=attack)
    tables["groups"] = tables["groups"].assign(name=attack)
    source = {name: [attack] for name in ("publisher", "title", "date")}
    tables["sources"] = tables["sources"].iloc[:1].assign(**source, url=f"javascript:{attack}")
    return FakePosterior(Case(case.config, tables))


def test_text_from_files_cannot_become_markup() -> None:
    posterior = hostile_posterior()
    incident_id = posterior.case.incidents["incident_id"][0]
    contents = report_contents(posterior, Scope(featured=incident_id))
    document = render_report(posterior, contents)
    page = parsed(document)
    assert len(page.scripts) == 2
    assert page.links == []
    assert 'href="javascript' not in document
    entry = data_of(page)["incidents"][0]
    assert entry["id"] == incident_id
    (source,) = data_of(page)["sources"]
    assert source[1] == incident_id
    assert source[3] == ""
    note = parsed(render_note(note_on(posterior, incident_id)))
    assert "script" not in note.tags
    assert note.links == []


def test_a_link_leads_to_the_web_or_nowhere(posterior: FakePosterior, contents: Contents) -> None:
    assert contents.featured is not None
    view = contents.featured
    for url in ("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "HTTPS:x"):
        piece = Piece(
            "label", "label", "a", "", 1.0, 0.0, 2.0, None, (Source("s", "p", "t", "", url),)
        )
        changed = dataclasses.replace(contents, featured=dataclasses.replace(view, pieces=(piece,)))
        assert url not in parsed(render_report(posterior, changed)).links


def test_a_case_in_which_nobody_asked_has_no_headline() -> None:
    case = small_case()
    known = dict.fromkeys(("publisher", "title", "url"), "")
    tables = {**case.tables, "sources": case.tables["sources"].assign(**known)}
    posterior = FakePosterior(Case(case.config, tables))
    contents = report_contents(posterior)
    assert contents.head is None
    page = parsed(render_report(posterior, contents))
    assert "headline" not in page.ids
    assert "shares" in page.ids
    assert page.anchors <= set(page.ids)
    assert all("pieces" in each for each in data_of(page)["incidents"])


def test_a_failed_fit_is_told(iraq: Case) -> None:
    failed = FakePosterior(iraq, passed=False)
    document = render_report(failed, report_contents(failed, Scope(explained=())))
    assert "failed its own diagnostics" in document
    assert "failed its own diagnostics" in render_note(note_on(failed, ERBIL))


def test_a_note_needs_nothing_and_runs_nothing(posterior: FakePosterior) -> None:
    document = render_note(note_on(posterior, ERBIL))
    page = parsed(document)
    assert page.loads == []
    assert "script" not in page.tags
    assert "script-src 'none'" in page.policy
    row = posterior.attribute([ERBIL]).iloc[0]
    for actor, name in posterior.actor_names.items():
        assert name in document
        assert html.escape(percent(row[f"p_{actor}"])) in document
    for piece in posterior.explain(ERBIL).table["decibans"]:
        assert signed(piece) in document
    assert page.anchors <= set(page.ids)


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
