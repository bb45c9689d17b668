"""The figures that docs/model.md gives by hand are those of the code."""

import re
from pathlib import Path

import numpy as np
import pytest

from attribution.channels import (
    base_rate,
    claim,
    crossed,
    denial,
    effects,
    label,
    links,
    period,
    place,
    target,
    weapon,
)
from attribution.evaluate import refit
from attribution.model import diagnostics
from attribution.model.sampler import SamplerSettings

PAGE = Path(__file__).parents[2] / "docs" / "model.md"


@pytest.fixture(scope="module")
def page():
    return re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))


def short(value):
    """Write a figure as the page does: .5, 1, -.15."""
    return re.sub(r"^(-?)0\.", r"\1.", f"{value:g}")


def listed(values):
    return ", ".join(short(value) for value in values)


def test_scales_of_the_act_channels(page):
    assert f"| weapon | class, then type in it | {listed(weapon.SCALES)} |" in page
    assert f"| target | class, then type in it | {listed(target.SCALES)} |" in page
    assert f"| place | country, province, site | {listed(place.SCALES)} |" in page
    assert f"| period | quarter, random walk | {short(period.STEP)} a step |" in page
    assert f"province × year | {short(crossed.SCALE)} each |" in page  # noqa: RUF001 - as printed
    ratio, base = short(effects.WITHIN_RATIO), short(base_rate.WITHIN_RATIO)
    assert f"({ratio}; for the base rate {base})" in page
    assert f"| {base_rate.SCALE:.1f}, members {base} of it |" in page


def test_claims_and_links(page):
    certain, likely, possible = (short(links.STRENGTH[word]) for word in label.CONFIDENCE)
    assert f"{certain} (certain), {likely} (likely), {possible} (possible)" in page
    assert f"under its own name gets {short(links.OWN_NAME)}," in page
    assert f"To all, {short(links.LEAK)} is added" in page
    assert f"LogNormal}}(0, {short(claim.WORTH_SD)})" in page
    assert rf"{short(claim.SCALE)}\, (F^\top z_b)_k" in page
    assert claim.HALF == 0.5
    assert claim.CLAIM_POWER == 0.5


def test_statements(page):
    figures = " | ".join(short(value) for value in denial.KINDS.values())
    assert f"| $m_d$ | {figures} |" in page
    factors = " | ".join(
        f"{np.exp(value):.2f}".removeprefix("0") for value in denial.KINDS.values()
    )
    assert f"| factor on the odds of $M_s$ | {factors} |" in page
    assert rf"r_{{sd}} \sim N({listed(denial.RATE)})" in page
    assert rf"N(\mu_d, {short(denial.SPEAKER_SD)})" in page
    assert f"N(m_d, {short(denial.KIND_SD)})" in page


def test_labels(page, iraq):
    assert f"$N({listed(label.CERTAIN)})$" in page
    assert label.STEP[0] == pytest.approx(np.log(1.25))
    assert rf"(\log 1.25, {short(label.STEP[1])})" in page
    assert label.KIND_SD == label.LABELLER_SD
    assert f"$N(0, {short(label.KIND_SD)})$ each" in page
    assert rf"$\exp N(0, {short(label.PREFERENCE_SD)})$" in page
    assert f"$G^{{-{short(label.RHO)}}}$ as much each" in page
    assert label.SERIES_POWER == -0.5
    assert rf"${short(label.SERIES_WEIGHT)}\,n^{{-1/2}}$ on each" in page
    assert f"| contested | {short(label.CONTESTED_WEIGHT)}, after" in page
    assert label.BRAND_BASIS_WEIGHT == 0
    (spec,) = (each for each in iraq.config.channels if each.name == "label")
    blame = {who: each["kataib_hezbollah"] for who, each in spec.options["default_blame"].items()}
    american = blame.pop("official_us")
    assert set(blame.values()) == {4}
    assert f"Kataib Hezbollah {american:g} times (US officials) or 4 times (others)" in page


def test_fit_and_gate(page):
    settings = SamplerSettings()
    assert f"{settings.chains} chains, {settings.tune} tuning draws and {settings.draws}" in page
    assert f"acceptance {short(settings.target_accept)}" in page
    assert f"R-hat is at most {diagnostics.RHAT_LIMIT:g}" in page
    assert f"effective sample size at least {diagnostics.ESS_LIMIT:g}" in page
    assert f"E-BFMI at least {short(diagnostics.EBFMI_LIMIT)}" in page
    shorter = refit.SETTINGS
    assert f"({shorter.tune} tuning draws, {shorter.draws} draws)" in page
