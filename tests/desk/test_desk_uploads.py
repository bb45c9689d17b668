"""Files that are brought: scored by the same function, bounded, and forgotten."""

import io
import stat

import pytest
from desk_client import client_of
from fake_posterior import FakePosterior

from attribution.desk.uploads import Limits
from attribution.scoring.files import score_file

CSV = "incident_id,date,weapon_type\na,2021-02-15,rocket\nb,tomorrow,drone\n=c,2021-03-01,drone\n"


@pytest.fixture
def desk(iraq):
    with client_of(FakePosterior(iraq)) as opened:
        yield opened


def bring(desk, content, name="mine.csv"):
    return desk.post("/score", files={"file": (name, content, "text/csv")})


def uploads_of(desk):
    return desk.app.state.desk.uploads


def test_a_file_is_scored_as_on_the_command_line(desk, iraq, tmp_path):
    answer = bring(desk, CSV)
    assert answer.status_code == 303
    place = answer.headers["location"]
    page = desk.get(place).text
    assert "3 rows: 2 ok, 0 partial, 1 rejected." in page
    assert "date &#39;tomorrow&#39;" in page
    source, expected = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(CSV, encoding="utf-8")
    score_file(FakePosterior(iraq), source, expected)
    result = desk.get(f"{place}/result.csv")
    assert result.content == expected.read_bytes()
    assert result.headers["content-disposition"] == 'attachment; filename="attributions.csv"'
    # What a spreadsheet would take for a formula is made harmless.
    assert b"'=c" in result.content
    rejected = desk.get(f"{place}/rejected.csv").text
    assert "tomorrow" in rejected
    folder = uploads_of(desk).find(place.removeprefix("/scored/")).result.parent
    assert str(folder) not in rejected + page


def test_files_lie_in_private_under_names_of_the_desk(desk):
    place = bring(desk, CSV, "../../etc/passwd").headers["location"]
    found = uploads_of(desk).find(place.removeprefix("/scored/"))
    assert stat.S_IMODE(found.result.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(found.result.parent.parent.stat().st_mode) == 0o700
    assert "passwd" not in str(found.result)
    assert sorted(path.name for path in found.result.parent.iterdir()) == [
        "result.csv",
        "result.csv.manifest.json",
        "result.csv.rejected.csv",
    ]
    assert "../../etc/passwd" in desk.get(place).text


@pytest.mark.parametrize(
    "identifier", ["%2e%2e%2fresult", "..%5cresult", "x" * 500, "result.csv", "%00"]
)
def test_only_identifiers_that_were_given_lead_anywhere(desk, identifier):
    bring(desk, CSV)
    for tail in ("", "/result.csv", "/rejected.csv"):
        assert desk.get(f"/scored/{identifier}{tail}").status_code == 404


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("incident_id,weapon_type\na,rocket\n", "there is no column"),
        ("\x00\x01\x02", "file"),
    ],
)
def test_files_that_cannot_be_scored_are_told_why(desk, content, message):
    answer = bring(desk, content)
    assert answer.status_code == 422
    assert message in answer.text
    folder = uploads_of(desk)._folder
    assert not any(folder.iterdir()), "something was left behind"


def test_no_file_is_a_fault(desk):
    assert desk.post("/score", files={"other": ("a.csv", b"x")}).status_code == 422
    assert desk.post("/score", data={"file": "text"}).status_code == 422
    assert desk.post("/score", content=b"{}").status_code == 422


def test_more_rows_than_allowed_are_refused(iraq):
    with client_of(FakePosterior(iraq), limits=Limits(rows=2)) as desk:
        assert bring(desk, CSV).status_code == 413
        assert bring(desk, "date\n2021-01-01\n2021-01-02\n").status_code == 303


def test_more_bytes_than_allowed_are_refused(iraq):
    with client_of(FakePosterior(iraq), limits=Limits(bytes=1000)) as desk:
        assert bring(desk, "date\n" + "2021-01-01\n" * 200).status_code == 413
        folder = uploads_of(desk)._folder
        assert not any(folder.iterdir())


def test_more_time_than_allowed_is_refused(iraq):
    with client_of(FakePosterior(iraq), limits=Limits(seconds=-1.0, part_rows=1)) as desk:
        answer = bring(desk, CSV)
        assert answer.status_code == 413
        assert "took longer" in answer.text
        assert not any(uploads_of(desk)._folder.iterdir())


def test_only_so_many_are_kept_and_only_so_long(iraq):
    with client_of(FakePosterior(iraq), limits=Limits(kept=2)) as desk:
        places = [bring(desk, CSV).headers["location"] for _ in range(3)]
        assert [desk.get(place).status_code for place in places] == [404, 200, 200]
        assert len(list(uploads_of(desk)._folder.iterdir())) == 2
    with client_of(FakePosterior(iraq), limits=Limits(kept_seconds=0.0)) as desk:
        assert desk.get(bring(desk, CSV).headers["location"]).status_code == 404
        assert not any(uploads_of(desk)._folder.iterdir())


def test_closing_the_desk_forgets_all(iraq):
    with client_of(FakePosterior(iraq)) as desk:
        bring(desk, CSV)
        folder = uploads_of(desk)._folder
        assert folder.is_dir()
    assert not folder.exists()


def test_a_name_may_be_anything(desk):
    answer = desk.post("/score", files={"file": ("<b>ü\n.csv", io.BytesIO(CSV.encode()))})
    assert answer.status_code == 303
    assert "<b>" not in desk.get(answer.headers["location"]).text
