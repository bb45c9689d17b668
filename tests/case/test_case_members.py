import csv
import dataclasses
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.case.case import Case
from attribution.case.config import Member, NamedSet
from attribution.case.load import bundled_case_folder

KH, AAH, HAN, KSS = (
    "kataib_hezbollah",
    "asaib_ahl_al_haq",
    "harakat_hezbollah_al_nujaba",
    "kataib_sayyid_al_shuhada",
)
FOUR = {KH, AAH, HAN, KSS}
BACKED = FOUR | {"other_militia"}
IRI = "islamic_resistance_in_iraq"
DAY = date(2022, 6, 1)


def test_asaib_is_no_member_of_the_resistance_until_february_2024(iraq: Case) -> None:
    assert iraq.members(IRI, date(2023, 12, 1)) == BACKED - {AAH}
    assert iraq.members(IRI, date(2024, 1, 31)) == BACKED - {AAH}
    assert iraq.members(IRI, date(2024, 2, 1)) == BACKED
    assert iraq.members(IRI, date(2024, 3, 1)) == BACKED


def test_a_name_used_before_its_founding_stands_for_all_it_ever_had(iraq: Case) -> None:
    assert iraq.members(IRI, date(2023, 10, 16)) == BACKED
    assert iraq.members(IRI, date(2023, 10, 17)) == BACKED - {AAH}


def test_hindsight_does_not_enlist_later_members(iraq: Case) -> None:
    view = iraq.known_by(date(2023, 12, 1))
    assert view.members(IRI, date(2023, 10, 1)) == BACKED - {AAH}
    assert view.members(IRI, date(2024, 6, 1)) == BACKED - {AAH}


def test_days_are_inclusive_on_both_ends(iraq: Case) -> None:
    members = (Member(KH, date(2020, 1, 1), date(2020, 12, 31)), Member(KSS, None, None))
    config = dataclasses.replace(iraq.config, sets=(NamedSet(IRI, members),))
    case = dataclasses.replace(iraq, config=config)
    for day, expected in [
        (date(2019, 12, 31), {KSS}),
        (date(2020, 1, 1), {KH, KSS}),
        (date(2020, 12, 31), {KH, KSS}),
        (date(2021, 1, 1), {KSS}),
    ]:
        assert case.members(IRI, day) == expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (KH, {KH}),
        ("saraya_al_salam", {"saraya_al_salam"}),
        ("sadrist_movement", {"saraya_al_salam"}),
        ("irgc_qf", {"iran_state"}),
        ("iran_state", {"iran_state"}),
        ("isis", {"isis"}),
        ("harakat_ansar_allah_al_awfiya", {"other_militia"}),
        ("badr", {"other_militia"}),
        ("houthis", {"other_militia"}),
        ("pkk_affiliate", {"other_actor"}),
        ("turkey_state", {"other_actor"}),
        ("other", {"other_actor"}),
        ("unknown", set()),
        ("iran_backed_unspecified", BACKED),
        ("fasail", BACKED),
        ("pmf", BACKED | {"saraya_al_salam"}),
        ("iraqi_resistance_coordination_commission", BACKED),
        ("allies_of_syria_operations_room", BACKED),
        # brands by their links
        ("fasail_al_muqawama", BACKED),
        ("unit_10000", {KH}),
        ("liwa_al_yawm_al_mawud", {"saraya_al_salam"}),
        ("al_warithoon", {"iran_state"}),
        ("al_sabiqoon", BACKED | {"iran_state"}),
        ("raba_allah", {KH, AAH, HAN, "other_militia"}),
        # a brand linked to a brand: through it
        ("al_qiddisoun", BACKED),
        # a brand without links: by its sponsor
        ("saraya_ababil", set()),
    ],
)
def test_whom_a_name_stands_for(iraq: Case, group: str, expected: set[str]) -> None:
    assert iraq.members(group, DAY) == expected


def test_a_brand_without_links_is_iran_backed_if_its_sponsor_is(iraq: Case) -> None:
    linked = set(iraq.brand_links["brand_id"])
    groups = iraq.groups
    bare = groups[(groups["kind"] == "brand") & ~groups["group_id"].isin(linked)]
    assert len(bare) > 3
    for group, sponsor in bare[["group_id", "sponsor"]].itertuples(index=False):
        assert iraq.members(group, DAY) == (BACKED if sponsor == "IRGC-QF" else set())


def test_every_group_stands_for_actors_of_the_case(iraq: Case) -> None:
    for group in iraq.groups["group_id"]:
        assert iraq.members(group, DAY) <= set(iraq.config.actor_ids)
    named = set(iraq.labels["group_id"]) - {"unknown"}
    assert all(iraq.members(group, DAY) for group in named)


def test_links_are_those_known_at_the_time(iraq: Case) -> None:
    brand = "saraya_awliya_al_dam"
    for as_of, expected in [
        (date(2021, 2, 15), BACKED),  # nobody had spoken: by its sponsor
        (date(2021, 3, 3), BACKED),
    ]:
        assert iraq.known_by(as_of).members(brand, DAY) == expected
    with (bundled_case_folder() / "brand_links.csv").open(encoding="utf-8", newline="") as file:
        links = [row for row in csv.DictReader(file) if row["brand_id"] == "ashab_al_kahf"]
    view = iraq.known_by(date(2020, 6, 1))
    known = {row["group_id"] for row in links if row["date"] <= "2020-06-01"}
    assert known == {AAH}
    assert view.members("ashab_al_kahf", DAY) == {AAH}


def test_brands_linked_in_a_circle_come_to_an_end(iraq: Case) -> None:
    link = iraq.brand_links.iloc[:1]
    circle = pd.concat(
        [
            link.assign(brand_id="kaf_channel", group_id="unit_10000"),
            link.assign(brand_id="unit_10000", group_id="sabereen_news"),
            link.assign(brand_id="sabereen_news", group_id="kaf_channel"),
            link.assign(brand_id="sabereen_news", group_id=AAH),
        ],
        ignore_index=True,
    )
    case = dataclasses.replace(iraq, tables={**iraq.tables, "brand_links": circle})
    for brand in ("kaf_channel", "unit_10000", "sabereen_news"):
        assert case.members(brand, DAY) == {AAH}


@given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)), data=st.data())
def test_dates_and_timestamps_are_the_same_day(iraq: Case, day: date, data: st.DataObject) -> None:
    group = data.draw(st.sampled_from(sorted(iraq.groups["group_id"])))
    stamp = pd.Timestamp(day) + timedelta(hours=23, minutes=59)
    assert iraq.members(group, stamp) == iraq.members(group, day)


def test_a_missing_day_and_a_missing_group_are_named(iraq: Case) -> None:
    with pytest.raises(ValueError, match="the day is missing"):
        iraq.members(IRI, pd.NaT)
    with pytest.raises(LookupError, match=r"no group 'kataib_hizbollah' in the case\. Did you"):
        iraq.members("kataib_hizbollah", DAY)
