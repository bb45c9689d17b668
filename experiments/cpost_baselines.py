"""Standard classifiers on the events of the CPOST benchmark, to set the model against.

They learn from the events that the model may use (`cpost_case.plan_for`) and read more of each
event than it does: also region, target, nationality, attackers, sources and those killed, which are
known of an attack when it is asked who did it. Settings are usual ones that nobody chose by the
part that is scored.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from cpost_case import CLASSES_COLUMN, classes_of, plan_for

from attribution.evaluate.baselines.extra import one_thread, sklearn, xgboost

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    type Floats = NDArray[np.float64]
    type Integers = NDArray[np.int64]
    #: Features of the known events, their classes as 0, 1, ... without a gap, and features of those
    #: asked for: (asked, classes) probabilities.
    type Learner = Callable[[pd.DataFrame, Integers, pd.DataFrame], Floats]

PLACES = ("t_country", "t_province", "t_city")
CATEGORIES = ("t_region", "t_subregion", *PLACES, "t_weapon", "t_type", "t_nationality")
#: The region says nothing that the country does not; naive Bayes would count it again.
NAIVE_CATEGORIES = CATEGORIES[2:]
COUNTS = ("n_attackers", "n_female_attackers", "sources", "n_killed_low")
MEASURES = ("lat", "lon", "years", *COUNTS)
EPOCH = pd.Timestamp("2000-01-01")
DAYS_OF_YEAR = 365.25

#: Rarer words than this count as one.
RARE = 3
#: Events that class frequencies and naive Bayes add to each count.
HALF = 0.5
#: The least that a class gets, before rows are made to sum to 1: a forest whose trees all agree
#: would otherwise lose without bound if they err.
FLOOR = 1e-6
#: Seed of the learners that draw: they vary far less than the sampler, whose seed can be chosen.
SEED = 0


def predict(learner: Learner, events: pd.DataFrame, asked: pd.Series) -> pd.DataFrame:
    """Teach a baseline the labelled events before the first one asked for, and ask it.

    Parameters
    ----------
    learner
        One of `BASELINES`.
    events
        Events of `cpost_case.read_events`; labels of those asked for are not read.
    asked
        Which events are to be predicted.

    Returns
    -------
    pandas.DataFrame
        One row an event asked for, in order: ``event_id`` and one probability a class, OTHER
        included.

    Raises
    ------
    NothingToLearnError
        If no event before the first one asked for has a label.
    MissingExtraError
        If the library that the learner needs is not installed.
    """
    known = plan_for(events, asked).known
    classes = classes_of(events, known)
    seen, labels = np.unique(events.loc[known, CLASSES_COLUMN].to_numpy(str), return_inverse=True)
    table = features(events)
    p = np.full((int(asked.sum()), len(classes)), FLOOR)
    if len(seen) == 1:
        # Nothing to tell apart, which several libraries refuse.
        p[:, classes.index(seen[0])] = 1.0
    else:
        with one_thread():
            found = learner(table[known], labels, table[asked])
        p[:, [classes.index(name) for name in seen]] = np.maximum(found, FLOOR)
    result = pd.DataFrame(p / p.sum(axis=1, keepdims=True), columns=classes)
    result.insert(0, "event_id", events.loc[asked, "event_id"].to_numpy())
    return result


def features(events: pd.DataFrame) -> pd.DataFrame:
    """Return `CATEGORIES` as words and `MEASURES` as numbers, those that the events have.

    A province is named with its country and a city with both, since names recur. Casualties that
    are coded as unknown (-1) stay so: a tree can split them off, and no other reading is surer.

    Parameters
    ----------
    events
        Events of `cpost_case.read_events`.

    Returns
    -------
    pandas.DataFrame
        One row an event.
    """
    table = events[[name for name in CATEGORIES if name in events]].copy()
    for outer, inner in pairwise(PLACES):
        table[inner] = table[outer] + "|" + table[inner]
    table["years"] = (events["date"] - EPOCH).dt.days / DAYS_OF_YEAR
    for name in MEASURES:
        if name in events:
            table[name] = pd.to_numeric(events[name], errors="coerce").astype(float)
    return table


def class_frequencies(known: pd.DataFrame, labels: Integers, asked: pd.DataFrame) -> Floats:  # noqa: ARG001
    """Give every event the classes' shares of the known ones, half an event added to each."""
    counts = np.bincount(labels) + HALF
    return np.tile(counts / counts.sum(), (len(asked), 1))


def naive_bayes(known: pd.DataFrame, labels: Integers, asked: pd.DataFrame) -> Floats:
    """Naive Bayes on the words alone; words that nobody has used yet are a word of their own."""
    names = [name for name in NAIVE_CATEGORIES if name in known]
    encoder = sklearn("preprocessing").OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=RARE
    )
    codes = encoder.fit_transform(known[names]).astype(int) + 1
    model = sklearn("naive_bayes").CategoricalNB(alpha=HALF, min_categories=codes.max(axis=0) + 1)
    model.fit(codes, labels)
    p: Floats = model.predict_proba(encoder.transform(asked[names]).astype(int) + 1)
    return p


def logistic_regression(known: pd.DataFrame, labels: Integers, asked: pd.DataFrame) -> Floats:
    """Multinomial logistic regression with the library's penalty."""
    model = sklearn("linear_model").LogisticRegression(max_iter=500)
    return _on_all_columns(model, known, labels, asked)


def random_forest(known: pd.DataFrame, labels: Integers, asked: pd.DataFrame) -> Floats:
    """Random forest; leaves of two keep its probabilities off 0 and 1."""
    model = sklearn("ensemble").RandomForestClassifier(500, min_samples_leaf=2, random_state=SEED)
    return _on_all_columns(model, known, labels, asked)


def boosted_trees(known: pd.DataFrame, labels: Integers, asked: pd.DataFrame) -> Floats:
    """Boosted trees."""
    model = xgboost().XGBClassifier(
        n_estimators=200,
        max_depth=5,
        learning_rate=0.1,
        subsample=0.8,
        n_jobs=1,
        random_state=SEED,
    )
    return _on_all_columns(model, known, labels, asked)


#: In the order of a table.
BASELINES: dict[str, Learner] = {
    "random forest": random_forest,
    "XGBoost": boosted_trees,
    "logistic regression": logistic_regression,
    "naive Bayes": naive_bayes,
    "class frequencies": class_frequencies,
}


def _on_all_columns(
    model: Any,  # noqa: ANN401 - a classifier of a library that has no types
    known: pd.DataFrame,
    labels: Integers,
    asked: pd.DataFrame,
) -> Floats:
    """Fit a classifier on one-hot words and standardised measures, gaps filled by medians."""
    preprocessing, pipeline = sklearn("preprocessing"), sklearn("pipeline")
    words = preprocessing.OneHotEncoder(handle_unknown="ignore", min_frequency=RARE)
    measures = pipeline.make_pipeline(
        sklearn("impute").SimpleImputer(strategy="median", keep_empty_features=True),
        preprocessing.StandardScaler(),
    )
    columns = sklearn("compose").ColumnTransformer(
        [
            ("words", words, [name for name in CATEGORIES if name in known]),
            ("measures", measures, [name for name in MEASURES if name in known]),
        ]
    )
    whole = pipeline.make_pipeline(columns, model)
    p: Floats = whole.fit(known, labels).predict_proba(asked).astype(float)
    return p
