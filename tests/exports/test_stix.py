"""STIX 2.1: read by the standard's own library, nothing custom allowed."""

import json
import uuid

import pytest
import stix2
from fake_posterior import FakePosterior
from hostile_text import HOSTILE

from attribution.exports.chosen import Selection
from attribution.exports.stix import EXTENSION, NAMESPACE, stix
from attribution.posterior.posterior import Posterior

ERBIL = "20210215-erbil-airport"


@pytest.fixture(scope="module")
def content(posterior: Posterior) -> dict:
    """Some of the bundle: a year that has all kinds of label."""
    return json.loads(stix(posterior, Selection("2021-01-01", "2021-12-31")))


@pytest.fixture(scope="module")
def by_id(content: dict) -> dict[str, dict]:
    found = {each["id"]: each for each in content["objects"]}
    assert len(found) == len(content["objects"]), "an identifier occurs twice"
    return found


def of(content: dict, kind: str) -> list[dict]:
    return [each for each in content["objects"] if each["type"] == kind]


def about(incident: dict) -> dict:
    return incident["extensions"][EXTENSION]


def erbil(content: dict) -> dict:
    return next(i for i in of(content, "incident") if about(i)["incident_id"] == ERBIL)


def test_the_library_of_the_standard_reads_it(content: dict) -> None:
    bundle = stix2.parse(json.dumps(content), allow_custom=False)
    kinds = {each["type"] for each in bundle.objects}
    assert kinds == {
        "extension-definition",
        "identity",
        "incident",
        "opinion",
        "relationship",
        "threat-actor",
    }
    for each in bundle.objects:
        assert each["spec_version"] == "2.1"
        assert 0 <= each.get("confidence", 0) <= 100


def test_every_reference_leads_somewhere(content: dict, by_id: dict[str, dict]) -> None:
    def references(value: object, name: str = ""):
        match value:
            case dict():
                for key, inner in value.items():
                    yield from references(inner, key)
            case list():
                for inner in value:
                    yield from references(inner, name)
            case str() if name.endswith(("_ref", "_refs")):
                yield value

    found = list(references(content))
    assert len(found) > 1000
    assert set(found) <= set(by_id)
    used = {each for each in found if each.startswith(("identity--", "relationship--"))}
    assert {i for i in by_id if i.startswith("identity--")} - used == set()


def test_the_numbers_are_those_of_attribute(posterior: Posterior, content: dict) -> None:
    incidents = of(content, "incident")
    ids = [about(each)["incident_id"] for each in incidents]
    expected = posterior.attribute(ids).set_index("incident_id")
    for incident in incidents:
        row = expected.loc[about(incident)["incident_id"]]
        for each in about(incident)["attribution"]:
            for name, prefix in (("probability", "p"), ("lo", "lo"), ("hi", "hi")):
                assert each[name] == row[f"{prefix}_{each['actor']}"]
        assert about(incident)["top_actor"] == row["top_actor"]
        links = {
            r["target_ref"]: r for r in content["objects"] if r.get("source_ref") == incident["id"]
        }
        for each in about(incident)["attribution"]:
            link = links.get(each["actor_ref"])
            if link is not None:
                assert link["confidence"] == round(100 * each["probability"])
                assert link["relationship_type"] == "attributed-to"
            else:
                assert each["probability"] <= 0.05


def test_a_set_is_as_probable_as_its_members_together(
    posterior: Posterior, content: dict, by_id: dict[str, dict]
) -> None:
    incident = erbil(content)
    p = {each["actor"]: each["probability"] for each in about(incident)["attribution"]}
    (link,) = [
        each
        for each in of(content, "relationship")
        if each["source_ref"] == incident["id"]
        and by_id[each["target_ref"]]["name"] == "Iran-backed militia, unspecified"
    ]
    members = posterior.case.members("iran_backed_unspecified", posterior.case.incidents["date"][0])
    assert 1 < len(members) < len(p)
    assert link["confidence"] == round(100 * sum(p[actor] for actor in members))
    assert by_id[link["target_ref"]]["identity_class"] == "class"


def test_every_label_is_an_opinion_about_what_it_names(
    posterior: Posterior, content: dict, by_id: dict[str, dict]
) -> None:
    incident = erbil(content)
    case = posterior.case
    labels = case.labels[case.labels["incident_id"] == ERBIL]
    links = {r["id"]: r for r in of(content, "relationship") if r["source_ref"] == incident["id"]}
    opinions = [each for each in of(content, "opinion") if each["object_refs"][0] in links]
    assert len(opinions) == len(labels) == 8
    words = {"certain": "strongly-agree", "likely": "agree", "possible": "neutral"}
    names = case.groups.set_index("group_id")["name"]
    told = {
        (row.labeller, names[row.group_id], words[row.confidence], f"{row.date:%Y-%m-%d}")
        for row in labels.itertuples()
    }
    people = case.labellers.set_index("name")["labeller"]
    found = {
        (
            people[each["authors"][0]],
            by_id[links[each["object_refs"][0]]["target_ref"]]["name"],
            each["opinion"],
            each["created"][:10],
        )
        for each in opinions
    }
    assert found == told
    for each in opinions:
        assert by_id[about(each)["labeller_ref"]]["name"] == each["authors"][0]


def test_moments_come_from_the_data_and_the_fit(posterior: Posterior, content: dict) -> None:
    fitted = posterior.manifest.created[:19]
    days = posterior.case.incidents.set_index("incident_id")["date"]
    for each in of(content, "incident"):
        assert each["created"][:10] == f"{days[about(each)['incident_id']]:%Y-%m-%d}"
        assert each["modified"][:19] == fitted
    assert all(each["created"] <= each["modified"] for each in content["objects"])


def test_identifiers_name_what_they_stand_for(posterior: Posterior, content: dict) -> None:
    for each in (content, *content["objects"]):
        kind, _, number = each["id"].partition("--")
        assert kind == each["type"]
        assert uuid.UUID(number).version == 5
    # Of what else is exported nothing depends; another fit's objects are the same ones.
    some = json.loads(stix(posterior, Selection("2021-02-15", "2021-02-15")))
    assert erbil(some) == erbil(content)
    # The standard keeps its own namespace for observables.
    assert uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7") != NAMESPACE


def test_hostile_text_stays_text(hostile: FakePosterior) -> None:
    bundle = stix2.parse(stix(hostile, Selection()).decode(), allow_custom=False)
    incidents = [each for each in bundle.objects if each["type"] == "incident"]
    assert len(incidents) == len(hostile.case.incidents)
    first = incidents[0]
    assert HOSTILE in first["name"]
    references = [r for each in bundle.objects for r in each.get("external_references", ())]
    assert any(r["source_name"] == HOSTILE for r in references)
    assert not any("url" in r for r in references)
    assert about(json.loads(first.serialize()))["place"] == HOSTILE
