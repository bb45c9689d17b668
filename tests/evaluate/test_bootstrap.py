import numpy as np
import pytest

from attribution.evaluate.bootstrap import block_totals, paired_bootstrap, resample


def block_losses(rng, n_blocks=40, size=4):
    """Two models, a better by 0.2 on average; incidents of a block share most of their fate."""
    block = np.repeat(np.arange(n_blocks), size)
    hard = rng.normal(0, 1, n_blocks)[block] + rng.normal(0, 0.5, len(block))
    shift = -0.2 + rng.normal(0, 0.3, n_blocks)[block] + rng.normal(0, 0.1, len(block))
    return hard + shift, hard, block


def test_bootstrap_covers_a_known_difference():
    rng = np.random.default_rng(11)
    inside = 0
    for seed in range(200):
        a, b, block = block_losses(rng)
        _, lo, hi = paired_bootstrap(a, b, block, seed=seed, draws=400)
        inside += lo <= -0.2 <= hi
    # 200 intervals of 90 %: three standard errors are .064, percentile ones run a little short.
    assert 0.81 <= inside / 200 <= 0.97


def test_pairing_narrows_and_blocks_widen_the_interval():
    a, b, block = block_losses(np.random.default_rng(2))
    mean, lo, hi = paired_bootstrap(a, b, block, seed=0)
    assert mean == pytest.approx(np.mean(a - b))
    assert lo < mean < hi
    rng = np.random.default_rng(0)
    unpaired = [
        np.mean(rng.choice(a, len(a))) - np.mean(rng.choice(b, len(b))) for _ in range(2000)
    ]
    assert hi - lo < 0.7 * (np.quantile(unpaired, 0.95) - np.quantile(unpaired, 0.05))
    _, each_lo, each_hi = paired_bootstrap(a, b, np.arange(len(a)), seed=0)
    assert each_hi - each_lo < hi - lo


def test_bootstrap_is_reproducible_and_leaves_unscored_incidents_out():
    a, b, block = block_losses(np.random.default_rng(4))
    once = paired_bootstrap(a, b, block, seed=1)
    assert paired_bootstrap(a, b, block, seed=1) == once
    assert paired_bootstrap(a, b, block, seed=2) != once
    gaps = [np.append(values, np.nan) for values in (a, b)]
    assert paired_bootstrap(*gaps, np.append(block, 999), seed=1) == once
    same = paired_bootstrap(a, a, block, seed=1)
    assert same == (0, 0, 0)


@pytest.mark.parametrize(
    ("a", "b", "block", "options", "message"),
    [
        ([1.0], [1.0, 2.0], [0], {}, "shapes"),
        ([1.0, np.nan], [1.0, 2.0], [0, 1], {}, "not under the other"),
        ([np.nan], [np.nan], [0], {}, "no incident"),
        ([1.0], [1.0], [0], {"draws": 0}, "draws"),
        ([1.0], [1.0], [0], {"level": 1.0}, "level"),
    ],
)
def test_bootstrap_refuses_what_cannot_be_compared(a, b, block, options, message):
    with pytest.raises(ValueError, match=message):
        paired_bootstrap(a, b, block, seed=0, **options)


def test_whole_blocks_are_drawn_as_often_as_there_are_blocks():
    times = resample([7, 7, 3, 9], seed=0, draws=500)
    assert times.shape == (500, 3)
    assert set(times.sum(axis=1)) == {3}
    # Each block is drawn once on average; the mean of 500 counts has a standard error of .04.
    np.testing.assert_allclose(times.mean(axis=0), 1, atol=0.15)
    with pytest.raises(ValueError, match="0 blocks"):
        resample([], seed=0, draws=5)


def test_totals_follow_the_order_of_the_blocks():
    values = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    assert block_totals(values, [5, 2, 5]).tolist() == [[2, 20], [5, 50]]
    assert block_totals(values[:, 0], ["b", "a", "b"]).tolist() == [2, 5]
