"""The API gives the posterior's own numbers, and says what is wrong with a request."""

import json

import pytest
from desk_client import ERBIL

from attribution.desk.search import SORTS
from attribution.posterior.provenance import model_facts


@pytest.fixture(scope="module")
def listed(real):
    return real.get("/api/incidents", params={"size": 200}).json()


def test_incidents_have_the_numbers_of_attribute(bundled, listed):
    table = bundled.attribute().set_index("incident_id")
    assert listed["total"] == len(table)
    assert len(listed["incidents"]) == 200
    for row in listed["incidents"]:
        answer = table.loc[row["incident_id"]]
        actor = answer["top_actor"]
        assert row["best"]["actor"] == actor
        assert row["best"]["p"] == answer["top_p"] == answer[f"p_{actor}"]
        assert row["best"]["lo"] == answer[f"lo_{actor}"]
        assert row["best"]["hi"] == answer[f"hi_{actor}"]
        assert (row["best"]["words"], row["evidence"]) == (answer["words"], answer["evidence"])
    assert listed["model"]["case_fingerprint"] == model_facts(bundled)["case_fingerprint"]


@pytest.mark.parametrize("sides", [{}, {"actor": "isis"}, {"against": "kataib_hezbollah"}])
def test_an_incident_has_the_numbers_of_explain(real, bundled, sides):
    answer = real.get(f"/api/incidents/{ERBIL}", params=sides).json()["incident"]
    explanation = bundled.explain(ERBIL, **sides)
    assert answer["actor"] == bundled.actor_names[explanation.actor]
    by_actor = {chance["actor"]: chance for chance in answer["chances"]}
    assert by_actor[explanation.actor]["p"] == explanation.probability
    assert [p["decibans"] for p in answer["pieces"]] == explanation.table["decibans"].tolist()
    assert [p["lo"] for p in answer["pieces"]] == explanation.table["lo"].tolist()
    assert sum(chance["p"] for chance in answer["chances"]) == pytest.approx(1)


def test_what_if_has_the_numbers_of_what_if(real, bundled):
    asked = {"incident_id": ERBIL, "columns": {"weapon_type": "drone"}, "claims": []}
    answer = real.post("/api/what-if", json=asked).json()
    expected = bundled.what_if(ERBIL, weapon_type="drone", claims=[])
    top = expected.after.loc[0]
    assert answer["changes"] == expected.changes
    assert answer["incident"]["chances"][0]["actor"] == top["top_actor"]
    assert answer["incident"]["chances"][0]["p"] == top["top_p"]
    before = {chance["actor"]: chance["p"] for chance in answer["chances_before"]}
    assert before == {a: expected.before.loc[0, f"p_{a}"] for a in bundled.actors}


def test_what_if_takes_sides_and_names_in_any_spelling(real, bundled):
    asked = {
        "incident_id": ERBIL,
        "claims": ["Saraya Awliya al-Dam", "new"],
        "keep_labels": False,
        "actor": "kataib_hezbollah",
        "against": "asaib_ahl_al_haq",
    }
    answer = real.post("/api/what-if", json=asked).json()
    assert answer["incident"]["actor"] == bundled.actor_names["kataib_hezbollah"]
    assert answer["incident"]["against"] == bundled.actor_names["asaib_ahl_al_haq"]
    assert "claimed by saraya_awliya_al_dam, new (new name)" in answer["changes"]


def test_rows_from_elsewhere_come_back_in_order_bad_ones_marked(real, bundled):
    rows = [
        {"incident_id": "a", "date": "2021-02-15", "weapon_type": "rocket", "country": "Iraq"},
        {"incident_id": "b", "date": "yesterday"},
        {"incident_id": ERBIL, "date": "2021-02-15", "claims": ["Ashab al-Kahf"]},
    ]
    answer = real.post("/api/attribute", json={"incidents": rows}).json()["attributions"]
    assert [row["incident_id"] for row in answer] == ["a", "b", ERBIL]
    assert answer[1]["status"].startswith("rejected: date 'yesterday'")
    assert (answer[1]["chances"], answer[1]["top_p"]) == ([], None)
    import pandas as pd

    frame = pd.DataFrame([rows[0]], dtype="str")
    assert answer[0]["top_p"] == pytest.approx(bundled.attribute(frame).loc[0, "top_p"], abs=1e-12)
    assert real.post("/api/attribute", json={"incidents": []}).json()["attributions"] == []


def test_shares_brands_and_labellers_are_the_tables(real, bundled):
    params = {"start": "2020-01-01", "end": "2020-09-30", "by": "quarter", "weapon_type": "rocket"}
    answer = real.get("/api/shares", params=params).json()["shares"]
    table = bundled.shares("2020-01-01", "2020-09-30", "quarter", {"weapon_type": ["rocket"]})
    assert [row["share"] for row in answer] == table["share"].tolist()
    assert [row["period"] for row in answer] == table["period"].tolist()
    brands = real.get("/api/brands").json()["brands"]
    assert [row["share"] for row in brands] == bundled.brands()["share"].tolist()
    on = real.get("/api/brands", params={"on": "2021-03-01"}).json()["brands"]
    assert [row["share"] for row in on] == bundled.brands(on="2021-03-01")["share"].tolist()
    labellers = real.get("/api/labellers").json()
    assert [row["hit"] for row in labellers["labellers"]] == bundled.labellers()["hit"].tolist()
    shares = [row["share"] for row in labellers["preferences"]]
    assert shares == bundled.preferences()["share"].tolist()


def test_filters_keep_what_they_say(client, iraq):
    def found(**params):
        return client.get("/api/incidents", params=params | {"size": 200}).json()

    assert found(q="erbil airport 2021")["total"] > 0
    assert all(
        "erbil" in row["incident_id"] or "Erbil" in row["province"] + row["place"]
        for row in found(q="erbil")["incidents"][:20]
        if not row["claimed_by"]
    )
    drones = found(weapon_type=["drone", "mortar"], start="2021-01-01", end="2021-12-31")
    table = iraq.incidents
    expected = table[
        table["weapon_type"].isin(["drone", "mortar"])
        & table["date"].between("2021-01-01", "2021-12-31")
    ]
    assert drones["total"] == len(expected)
    brand = found(brand="saraya_awliya_al_dam")
    assert {ERBIL} <= {row["incident_id"] for row in brand["incidents"]}
    assert all("saraya_awliya_al_dam" in row["claimed_by"] for row in brand["incidents"])
    labelled, unlabelled = found(labelled="yes")["total"], found(labelled="no")["total"]
    assert labelled + unlabelled == len(table)
    assert labelled == table["incident_id"].isin(iraq.labels["incident_id"]).sum()
    assert all(row["evidence"] == "moderate" for row in found(evidence="moderate")["incidents"])


def test_pages_hold_every_incident_once(client, iraq):
    first = client.get("/api/incidents", params={"size": 100, "sort": "place"}).json()
    seen = []
    for page in range(1, first["pages"] + 1):
        params = {"size": 100, "page": page, "sort": "place"}
        seen += [
            r["incident_id"]
            for r in client.get("/api/incidents", params=params).json()["incidents"]
        ]
    assert sorted(seen) == sorted(iraq.incidents["incident_id"])
    beyond = client.get("/api/incidents", params={"size": 100, "page": 999}).json()
    assert beyond["page"] == beyond["pages"]


@pytest.mark.parametrize("sort", SORTS)
def test_sorting_goes_both_ways(client, sort):
    up = client.get("/api/incidents", params={"sort": sort, "size": 200}).json()["incidents"]
    down = client.get("/api/incidents", params={"sort": f"-{sort}", "size": 200}).json()[
        "incidents"
    ]
    key = {
        "date": lambda r: r["date"],
        "probability": lambda r: r["best"]["p"],
        "entropy": lambda r: r["entropy_bits"],
        "actor": lambda r: r["best"]["name"],
        "place": lambda r: (r["country"], r["province"], r["place"]),
        "weapon": lambda r: r["weapon_type"],
        "target": lambda r: r["target_type"],
    }[sort]
    assert [key(row) for row in up] == sorted(key(row) for row in up)
    assert [key(row) for row in down] == sorted((key(row) for row in down), reverse=True)


FAULTS = (
    ("/api/incidents?weapon_type=dron", 422, "weapon_type", "drone"),
    ("/api/incidents?sort=probabilty", 422, "sort", "-probability"),
    ("/api/incidents?start=2021-2-1", 422, "start", None),
    ("/api/incidents?page=0", 422, "page", None),
    ("/api/incidents?actor=kataib_hezbolah", 422, "actor", "kataib_hezbollah"),
    ("/api/incidents/20210215-erbil-airprt", 404, "incident_id", ERBIL),
    (f"/api/incidents/{ERBIL}?actor=isi", 422, "actor", "isis"),
    (f"/api/incidents/{ERBIL}?actor=isis&against=isis", 422, "against", None),
    ("/api/shares?by=quater", 422, "by", "quarter"),
    ("/api/shares?weapon_type=rockt", 422, "weapon_type", "rocket"),
    ("/api/shares?end=never", 422, "end", None),
    ("/api/brands?on=20210101", 422, "on", None),
)


@pytest.mark.parametrize(("address", "status", "where", "nearest"), FAULTS)
def test_faults_are_named_with_the_nearest_word(client, address, status, where, nearest):
    answer = client.get(address)
    assert answer.status_code == status
    fault = answer.json()["faults"][0]
    assert (fault["where"], fault["nearest"]) == (where, nearest)
    assert fault["message"]


def test_all_faults_at_once(client):
    answer = client.get("/api/incidents?weapon_type=dron&start=x&page=0").json()
    assert [fault["where"] for fault in answer["faults"]] == ["start", "weapon_type", "page"]
    asked = {
        "incident_id": ERBIL,
        "columns": {"wepon_type": "drone", "target_type": "airprt", "date": "2021"},
        "claims": ["Saraya Awliya al-Dm", "xqzvw"],
    }
    answer = client.post("/api/what-if", json=asked)
    assert answer.status_code == 422
    faults = {fault["where"]: fault["nearest"] for fault in answer.json()["faults"]}
    assert faults["wepon_type"] == "weapon_type"
    assert faults["target_type"] == "airport"
    assert "date" in faults
    assert "claims" in faults


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"incident_id": 5}',
        b'{"nonsense": 1}',
        b'{"columns": {"place": "\\ud800"}}',
        b'{"columns": {"place": "a\\u0000b"}}',
        json.dumps({"claims": ["x"] * 21}).encode(),
        json.dumps({"columns": {"place": "x" * 501}}).encode(),
        b"\xff\xfe",
    ],
)
def test_bodies_that_cannot_be_read(client, body):
    headers = {"content-type": "application/json"}
    answer = client.post("/api/what-if", content=body, headers=headers)
    assert answer.status_code == 422 or (body == b"\xff\xfe" and answer.status_code == 400)
    assert answer.json()["message"]


def test_unknown_addresses_answer_as_they_were_asked(client):
    assert client.get("/api/nothing").json() == {"message": "Not Found.", "faults": []}
    page = client.get("/nothing")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


def test_similar_incidents_share_what_is_said(client):
    answer = client.get(f"/api/incidents/{ERBIL}").json()["similar"]
    assert len(answer) == 8
    assert ERBIL not in {other["incident_id"] for other in answer}
    likeness = [other["likeness"] for other in answer]
    assert likeness == sorted(likeness, reverse=True)
    listed = client.get("/api/incidents", params={"size": 200, "q": "erbil"}).json()["incidents"]
    rows = {row["incident_id"]: row for row in listed}
    for other in answer:
        if other["incident_id"] in rows and "province" in other["shared"]:
            assert rows[other["incident_id"]]["province"] == "Erbil"


def test_the_document_describes_every_endpoint(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        "/api/incidents",
        "/api/incidents/{incident_id}",
        "/api/attribute",
        "/api/what-if",
        "/api/shares",
        "/api/brands",
        "/api/labellers",
    }
    page = client.get("/api").text
    assert all(path in page for path in paths)
