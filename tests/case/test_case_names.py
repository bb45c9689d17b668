import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.case.case import Case
from attribution.case.names import (
    AmbiguousNameError,
    NameIndex,
    NameResolutionError,
    UnknownNameError,
    name_index,
)
from attribution.case.validate import split_list

KH, AAH, HAN, KSS = (
    "kataib_hezbollah",
    "asaib_ahl_al_haq",
    "harakat_hezbollah_al_nujaba",
    "kataib_sayyid_al_shuhada",
)


@pytest.fixture(scope="session")
def index(iraq: Case) -> NameIndex:
    return name_index(iraq)


def listed_names(case: Case) -> list[tuple[str, str]]:
    rows = case.groups[["group_id", "name", "aliases"]].itertuples(index=False)
    return [
        (group, spelling)
        for group, name, aliases in rows
        for spelling in (group, name, *split_list(aliases))
    ]


@pytest.mark.parametrize(
    ("spelling", "group"),
    [
        ("kataib_hezbollah", KH),
        ("KH", KH),
        ("K.H.", KH),
        ("Kata'ib Hizballah", KH),
        ("Kata\u2019ib Hizbullah", KH),
        ("Kataeb Hezbollah", KH),
        ("KATAIB HIZBALLAH", KH),
        ("Kat\u0101\u02beib \u1e24izb All\u0101h", KH),
        ("Kata\u00b4ib Hizb-Allah", KH),
        ("Hezbollah Brigades", KH),
        ("كتائب حزب الله", KH),
        ("كَتائِب حِزب الله", KH),
        ("Asa'ib Ahl al-Haq", AAH),
        ("Asaeb Ahl el-Haqq", AAH),
        ("'Asa'ib Ahl ul Haq", AAH),
        ("League of Righteous", AAH),
        ("عصائب أهل الحق", AAH),
        ("Harakat al-Nujaba", HAN),
        ("Nujaba Movement", HAN),
        ("Harakat Hizballah an-Nujaba'", HAN),
        ("حركة حزب الله النجباء", HAN),
        ("حركة النجباء", HAN),
        ("Kata'ib Sayyid ash-Shuhada'", KSS),
        ("Kataeb Sayed el Shohadaa", KSS),
        ("Kataeb Say'yed el Shohadaa", KSS),
        ("Kataeb Say\u00b4yed el Shohadaa", KSS),
        ("كتائب سيد الشهداء", KSS),
        ("Saraya as-Salaam", "saraya_al_salam"),
        ("SarayaAlSalam", "saraya_al_salam"),
        ("سرايا السلام", "saraya_al_salam"),
        ("Ashab ul-Kehf", "ashab_al_kahf"),
        ("أصحاب الكهف", "ashab_al_kahf"),
        ("Saraya Awliyaa ad-Dam", "saraya_awliya_al_dam"),
        ("سرايا أولياء الدم", "saraya_awliya_al_dam"),
        ("Usbat ath-Tha'irin", "usbat_al_thaireen"),
        ("عصبة الثائرين", "usbat_al_thaireen"),
        ("ألوية الوعد الحق", "alwiyat_al_waad_al_haq"),
        ("Da'esh", "isis"),
        ("I.S.I.S.", "isis"),
        ("داعش", "isis"),
        ("Hashd ash-Sha'abi", "pmf"),
        ("al-Hashd al-Shaabi", "pmf"),
        ("Popular Mobilisation Forces", "pmf"),
        ("الحشد الشعبي", "pmf"),
        ("المقاومة الإسلامية في العراق", "islamic_resistance_in_iraq"),
        ("Ansar Allah", "houthis"),
        ("Iran", "iran_state"),
        ("Iran-backed militia", "iran_backed_unspecified"),
    ],
)
def test_spellings_that_people_use(index: NameIndex, spelling: str, group: str) -> None:
    assert index.resolve(spelling) == group
    assert index.candidates(spelling) == (group,)


@pytest.mark.parametrize(
    "spelling",
    ["Ahl al-Kahf", "ahl al kahf", "Ahl ul-Kehf", "Ahl al-Kahf (old alias)", "أهل الكهف"],
)
def test_an_old_alias_is_never_resolved_in_silence(index: NameIndex, spelling: str) -> None:
    with pytest.raises(AmbiguousNameError) as caught:
        index.resolve(spelling)
    assert set(caught.value.candidates) == {AAH, "ashab_al_kahf"}
    assert index.candidates(spelling) == caught.value.candidates


def test_the_message_of_an_ambiguous_name_lists_the_groups(index: NameIndex) -> None:
    with pytest.raises(AmbiguousNameError) as caught:
        index.resolve("Ahl al-Kahf")
    assert str(caught.value) == (
        "'Ahl al-Kahf' may be asaib_ahl_al_haq or ashab_al_kahf; give the group_id that is meant"
    )


@pytest.mark.parametrize(
    ("spelling", "groups"),
    [
        ("Hezbollah", {KH, HAN, "lebanese_hezbollah"}),
        ("حزب الله", {KH, HAN, "lebanese_hezbollah"}),
        ("al-Warithin", {"al_warithoon", "tashkil_al_waritheen"}),
    ],
)
def test_what_may_be_several_groups_is_ambiguous(
    index: NameIndex, spelling: str, groups: set[str]
) -> None:
    with pytest.raises(AmbiguousNameError) as caught:
        index.resolve(spelling)
    assert set(caught.value.candidates) == groups


@pytest.mark.parametrize(
    ("spelling", "first"),
    [
        ("Houthi", "houthis"),
        ("Popular Mobilization Units", "pmf"),
        ("Katibat Sayyid al-Shuhada", KSS),
        ("Asaib Ahl al-Haqiqa", AAH),
        ("Khazali", AAH),
    ],
)
def test_an_unknown_name_shows_the_nearest(index: NameIndex, spelling: str, first: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        index.resolve(spelling)
    assert caught.value.candidates[0] == first
    assert 1 <= len(caught.value.candidates) <= 3
    assert str(caught.value).startswith(f"no group is called '{spelling}'; nearest: {first}")


@pytest.mark.parametrize("text", ["", "   ", "'", "()", "...", "\u0640", "東京", "\0"])
def test_what_holds_no_name_is_unknown(index: NameIndex, text: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        index.resolve(text)
    assert caught.value.candidates == ()


@pytest.mark.parametrize("text", ["Kufa", "Tariq", "Baghdad", "Reuters", "Basra", "Hamas"])
def test_short_words_do_not_become_groups_by_their_consonants(index: NameIndex, text: str) -> None:
    with pytest.raises(UnknownNameError):
        index.resolve(text)


def test_every_listed_name_is_its_own_group(iraq: Case, index: NameIndex) -> None:
    for group, spelling in listed_names(iraq):
        if spelling.endswith("(old alias)"):
            continue
        assert index.resolve(spelling) == group, spelling


def test_a_qualifier_is_no_part_of_a_name(iraq: Case, index: NameIndex) -> None:
    qualified = [(g, s) for g, s in listed_names(iraq) if s.endswith(")") and "old alias" not in s]
    assert len(qualified) > 8
    for group, spelling in qualified:
        assert index.resolve(spelling[: spelling.index("(")]) == group


APOSTROPHES = "'\u2019\u2018`\u02bc\u02be\u02bf"


@given(data=st.data())
def test_case_blanks_and_apostrophes_make_no_difference(
    iraq: Case, index: NameIndex, data: st.DataObject
) -> None:
    group, spelling = data.draw(st.sampled_from(listed_names(iraq)))
    words = spelling.split(" ")
    gaps = data.draw(st.lists(st.sampled_from([" ", "  ", "\t", " \n"]), min_size=len(words)))
    noisy = "".join(gap + word for gap, word in zip(gaps, words, strict=False))
    noisy = data.draw(st.sampled_from([str.upper, str.lower, str.title, str.swapcase]))(noisy)
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(noisy)))
        noisy = noisy[:place] + data.draw(st.sampled_from(APOSTROPHES)) + noisy[place:]
    assert index.candidates(noisy) == index.candidates(spelling)
    assert group in index.candidates(noisy)


def outcome(index: NameIndex, text: str) -> str | NameResolutionError:
    try:
        return index.resolve(text)
    except NameResolutionError as error:
        return error


@given(text=st.text(max_size=40))
def test_any_text_is_resolved_or_refused_always_alike(
    iraq: Case, index: NameIndex, text: str
) -> None:
    known = set(iraq.groups["group_id"])
    first, second = outcome(index, text), outcome(index, text)
    if isinstance(first, str):
        assert first in known
        assert second == first
        return
    assert isinstance(first, ValueError)
    assert first.text == text
    assert set(first.candidates) <= known
    assert len(set(first.candidates)) == len(first.candidates)
    assert isinstance(first, UnknownNameError) or len(first.candidates) >= 2
    assert str(second) == str(first)
    assert index.candidates(text) == first.candidates


@given(
    st.lists(
        st.sampled_from(
            [
                "al",
                "el",
                "kataib",
                "saraya",
                "liwa",
                "hezbollah",
                "haq",
                "ahl",
                "kahf",
                "dam",
                "harakat",
                "iraq",
                "الله",
                "حزب",
                "أهل",
                "الكهف",
            ]
        ),
        max_size=5,
    )
)
def test_words_of_names_in_any_order_raise_nothing_else(index: NameIndex, words: list[str]) -> None:
    text = " ".join(words)
    assert index.candidates(text) == index.candidates(text.upper())


def test_the_index_does_not_depend_on_the_order_of_the_rows(iraq: Case, index: NameIndex) -> None:
    shuffled = type(iraq)(
        iraq.config,
        {**iraq.tables, "groups": iraq.groups.sample(frac=1, random_state=3)},
    )
    assert name_index(shuffled) == index


def test_errors_survive_the_way_back_from_a_worker_process(index: NameIndex) -> None:
    for text in ("Ahl al-Kahf", "Houthi"):
        with pytest.raises(NameResolutionError) as caught:
            index.resolve(text)
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is type(caught.value)
        assert str(again) == str(caught.value)
