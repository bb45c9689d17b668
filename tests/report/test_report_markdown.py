"""Reports as Markdown: text stays text, tables stay tables."""

import pytest
from fake_posterior import FakePosterior

from attribution.case.case import Case
from attribution.report.blocks import Bullets, Column, Heading, Paragraph, Table
from attribution.report.contents import Scope, report_contents
from attribution.report.markdown import escaped, markdown
from attribution.report.note import note_on
from attribution.report.summary import note_blocks, report_blocks

ERBIL = "20210215-erbil-airport"


def test_blocks_become_markdown() -> None:
    table = Table((Column("a"), Column("b", "right")), (("x|y", "1"), ("line\nbreak", "2")))
    blocks = (Heading("Title"), Paragraph("Text."), Heading("Next"), Bullets(("one",)), table)
    assert markdown(blocks) == (
        "# Title\n\nText.\n\n## Next\n\n* one\n\n"
        "| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n| line break | 2 |\n"
    )
    assert markdown((Table((Column("a"),), (), empty="None."),)) == "None.\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[x](javascript:alert(1))", r"\[x\](javascript:alert(1))"),
        ("*a* _b_ `c` #d $e$", r"\*a\* \_b\_ \`c\` \#d \$e\$"),
        ("- a", r"\- a"),
        ("1. a", r"\1. a"),
        ("see https://x.org/a_b?c=1&d, and", "see <https://x.org/a_b?c=1&d,> and"),
        ("http://x|y", r"<http://x>\|y"),
        ("a\u202eb\x07", "ab"),
    ],
)
def test_text_stays_text(text: str, written: str) -> None:
    assert escaped(text) == written


def test_the_whole_report_has_every_section_and_incident(iraq: Case) -> None:
    posterior = FakePosterior(iraq)
    text = markdown(report_blocks(report_contents(posterior, Scope(explained=()))))
    assert text.count("\n# ") == 0
    assert text.startswith("# ")
    for incident_id in iraq.incidents["incident_id"]:
        assert f"| {escaped(incident_id)} |" in text
    for title in ("Shares of all 644 incidents", "Every incident", "Data", "Method", "This fit"):
        assert f"\n## {title}\n" in text
    for name in posterior.actor_names.values():
        assert name in text


def test_a_note_says_what_query_says(iraq: Case) -> None:
    posterior = FakePosterior(iraq)
    text = markdown(note_blocks(note_on(posterior, ERBIL)))
    for piece in posterior.explain(ERBIL).table["text"]:
        assert escaped(piece) in text
    assert "## Sources" in text
    assert "## This fit" in text
