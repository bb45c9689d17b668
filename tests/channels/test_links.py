"""The prior over a brand's parents from dated, conflicting views."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_case import LINK_ROWS, small_case

from attribution.channels.links import LEAK, OWN_NAME, STRENGTH, current_links, parent_prior

ACTORS = ("alpha", "state", "beta", "gamma")
DAY = pd.Timestamp("2023-01-01")


def view(brand, links=LINK_ROWS, on=DAY, as_of=None):
    """The prior before the leak, by actor."""
    prior = parent_prior(small_case(links=links).known_by(as_of), brand, on)
    assert prior.sum() == pytest.approx(1.0)
    assert (prior >= LEAK / len(prior) - 1e-12).all()
    return dict(zip(ACTORS, (prior - LEAK / len(prior)) / (1 - LEAK), strict=True))


@pytest.mark.parametrize("strength", STRENGTH)
@pytest.mark.parametrize("parent", ["alpha", "state"])
def test_a_single_link_of_some_strength_gives_its_parent_that_probability(strength, parent):
    prior = view("front_a", [{"brand_id": "front_a", "group_id": parent, "strength": strength}])
    assert prior[parent] == pytest.approx(STRENGTH[strength])


def test_the_rest_stays_with_the_parents_of_the_same_sponsor():
    prior = view("front_a")
    assert prior["beta"] == prior["gamma"] == pytest.approx((1 - STRENGTH["likely"]) / 2)
    assert prior["state"] == pytest.approx(0.0)


def test_conflicting_links_stay_split():
    prior = view("front_split")
    assert prior["alpha"] == pytest.approx(prior["beta"])
    assert prior["alpha"] > prior["gamma"] > 0
    odds = STRENGTH["likely"] / (1 - STRENGTH["likely"])
    assert prior["alpha"] == pytest.approx(odds / (2 * odds + 1))


def test_a_stronger_view_outweighs_a_weaker_one():
    links = [
        {"brand_id": "front_a", "group_id": "alpha", "strength": "possible", "labeller": "one"},
        {"brand_id": "front_a", "group_id": "beta", "strength": "certain", "labeller": "two"},
    ]
    prior = view("front_a", links)
    ratio = prior["beta"] / prior["alpha"]
    assert ratio == pytest.approx((0.9 / 0.1) / (0.4 / 0.6))


def test_a_link_to_a_set_is_shared_among_its_members():
    prior = view("front_a", [{"brand_id": "front_a", "group_id": "umbrella"}])
    assert prior["alpha"] == pytest.approx(STRENGTH["likely"])
    later = [{"brand_id": "front_a", "group_id": "umbrella", "date": "2022-01-01"}]
    prior = view("front_a", later)
    assert prior["alpha"] == prior["beta"] == pytest.approx(STRENGTH["likely"] / 2)


def test_a_later_view_of_one_labeller_replaces_the_earlier():
    links = [
        {"brand_id": "front_a", "group_id": "alpha", "date": "2021-01-01"},
        {"brand_id": "front_a", "group_id": "beta", "date": "2022-01-01"},
    ]
    assert current_links(small_case(links=links), "front_a")["group_id"].tolist() == ["beta"]
    assert view("front_a", links)["beta"] == pytest.approx(STRENGTH["likely"])


def test_only_links_known_on_the_day_count():
    links = [
        {"brand_id": "front_a", "group_id": "alpha", "date": "2021-01-01"},
        {"brand_id": "front_a", "group_id": "beta", "date": "2022-01-01"},
    ]
    before = view("front_a", links, as_of=date(2021, 6, 1))
    assert before["alpha"] == pytest.approx(STRENGTH["likely"])
    assert view("front_a", links, as_of=date(2022, 1, 1))["beta"] == pytest.approx(0.7)


def test_echoes_share_one_voice():
    def link(labeller):
        return {"brand_id": "front_a", "group_id": "alpha", "labeller": labeller}

    alone = view("front_a", [link("one")])
    team = view("front_a", [link("echo_1"), link("echo_2")])
    independent = view("front_a", [link("one"), link("two")])
    assert team["alpha"] == pytest.approx(alone["alpha"])
    assert independent["alpha"] > alone["alpha"]


def test_a_group_claims_for_itself_under_its_own_name():
    prior = view("alpha")
    assert prior["alpha"] == pytest.approx(OWN_NAME, abs=0.01)


def test_an_umbrella_is_even_over_its_members_on_the_day():
    before, after = (view("umbrella", on=pd.Timestamp(d)) for d in ("2021-06-30", "2021-07-01"))
    assert before["alpha"] == pytest.approx(1.0)
    assert after["alpha"] == after["beta"] == pytest.approx(0.5)


def test_a_brand_without_links_belongs_to_its_sponsors_militias():
    prior = view("front_plain")
    assert prior["alpha"] == prior["beta"] == prior["gamma"] == pytest.approx(1 / 3)
    # ... and to nobody in particular where it has no sponsor either.
    assert list(view("front_past").values()) == pytest.approx([0.25] * 4)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["alpha", "beta", "gamma", "state", "backed", "umbrella"]),
            st.sampled_from(sorted(STRENGTH)),
            st.sampled_from(["one", "two", "echo_1", "echo_2"]),
            st.sampled_from(["2021-01-01", "2022-01-01"]),
        ),
        max_size=6,
    )
)
@settings(max_examples=40, deadline=None)
def test_any_links_give_a_distribution_that_their_order_does_not_change(rows):
    links = [
        {"brand_id": "front_a", "group_id": g, "strength": s, "labeller": w, "date": d}
        for g, s, w, d in rows
    ]
    prior = parent_prior(small_case(links=links), "front_a", DAY)
    assert prior.sum() == pytest.approx(1.0)
    assert (prior > 0).all()
    reverse = parent_prior(small_case(links=links[::-1]), "front_a", DAY)
    np.testing.assert_allclose(prior, reverse, rtol=1e-12)
