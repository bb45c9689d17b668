"""An evaluation in plain words: what was asked, what came out, what it does not show."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from attribution.evaluate.heldout import MODEL
from attribution.evaluate.metrics import BETTER, METRICS, UNCLEAR, WORSE, metric
from attribution.evaluate.tables import BOOTSTRAP_DRAWS, LEVEL, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from attribution.evaluate.heldout import HeldOut

WIDTH = 96
COLUMNS = {
    "label_loss": "label loss",
    "label_skill": "skill",
    "parent_loss": "parent loss",
    "top1": "top-1",
    "top2": "top-2",
    "top3": "top-3",
    "militia_or_not": "militia",
    "brier": "Brier",
    "ece": "ECE",
    "entropy_bits": "bits",
}
MEANINGS = {
    **{each.key: each.meaning for each in METRICS},
    "label_skill": "share of the class frequencies' label loss that is saved",
    "entropy_bits": "entropy of the prediction: how much it leaves open; neither good nor bad",
}


def summary(
    held: HeldOut,
    about: Mapping[str, str],
    table: pd.DataFrame,
    differences: pd.DataFrame,
    questions: pd.DataFrame,
) -> str:
    """Write the text of an evaluation.

    Parameters
    ----------
    held
        The predictions and what was asked.
    about
        Date, versions and fingerprints.
    table, differences, questions
        As the module `tables` makes them.

    Returns
    -------
    str
        Paragraphs and aligned tables, no line longer than 100 characters but for long names.
    """
    parts = [
        f"How well are hidden labels of the case {about['case']} predicted? ({held.plan.scheme})",
        _wrapped(held.plan.description),
        _wrapped(asked_in_words(held)),
        _wrapped(in_short(held, table, differences)),
        _score_lines(table),
        _legend(table),
        f"Differences, with {LEVEL:.0%} intervals (paired bootstrap over weeks):".replace(
            "%", " %"
        ),
        "\n".join(_bullet(line) for line in verdicts(held, differences)),
    ]
    if held.plan.scheme != "kfold":
        parts += ["Label loss, one by one:", _question_lines(table, questions)]
    parts += [_wrapped(each) for each in caveats(held)]
    parts.append(_wrapped(run_in_words(held, about)))
    return "\n\n".join(parts)


def shown(name: str) -> str:
    """Write a predictor's name for a reader.

    Parameters
    ----------
    name
        As in tables.

    Returns
    -------
    str
        With blanks.
    """
    return name.replace("_", " ")


def asked_in_words(held: HeldOut) -> str:
    """Count what was asked.

    Parameters
    ----------
    held
        The predictions and what was asked.

    Returns
    -------
    str
        A sentence or two.
    """
    targets, weeks = held.targets, len(np.unique(held.blocks))
    named = len(np.unique(targets.incident[targets.one_militia]))
    incidents = "predictions of incidents" if held.plan.by_question else "incidents"
    seeds = [repetition.seed for repetition in held.plan.repetitions]
    every = (
        f"seed {seeds[0]}" if len(seeds) == 1 else f"means over seeds {', '.join(map(str, seeds))}"
    )
    return (
        f"Scored are {len(targets.incident)} labels in {targets.n_incidents} {incidents} in "
        f"{weeks} weeks; for {named} of them a label names one militia ({every}). Labels that only "
        "read the claiming brand, or speak of a whole series, are not scored."
    )


def hardest(table: pd.DataFrame) -> str | None:
    """Find the baseline with the lowest label loss, whichever that is.

    Parameters
    ----------
    table
        The scores.

    Returns
    -------
    str or None
        Its name; None if there is no baseline.
    """
    losses = table["label_loss"].drop(index=MODEL, errors="ignore")
    return None if losses.empty else str(losses.idxmin())


def in_short(held: HeldOut, table: pd.DataFrame, differences: pd.DataFrame) -> str:
    """Compare the model with the baseline that is hardest to beat.

    Parameters
    ----------
    held
        The predictions.
    table, differences
        Scores and differences.

    Returns
    -------
    str
        A paragraph; without the model, the baselines are compared with the class frequencies.
    """
    best = hardest(table)
    if best is None:
        return "In short: there is no baseline to compare with."
    losses = {str(name): f"{loss:.3f}" for name, loss in table["label_loss"].items()}
    lead = f"{shown(best)}, the baseline with the lowest label loss ({losses[best]})"
    if held.has_model:
        subject, minus = MODEL, best
        start = f"In short: this model has a label loss of {losses[MODEL]}. Against {lead}: "
    elif best == REFERENCE:
        return "In short: no baseline has a lower label loss than the class frequencies."
    else:
        subject, minus = best, REFERENCE
        start = f"In short (without the model): {lead}, against the class frequencies: "
    rows = differences[(differences["predictor"] == subject) & (differences["minus"] == minus)]
    said = [
        f"{metric(row['score']).title} {row['verdict']} ({interval(row)})"
        for _, row in rows.iterrows()
    ]
    return (
        f'{start}{"; ".join(said)}. "{UNCLEAR.capitalize()}" means that the interval holds 0: such '
        "a difference is no evidence of a difference."
    )


def verdicts(held: HeldOut, differences: pd.DataFrame) -> list[str]:
    """Say for each score whom the model beats and whom not, hiding no defeat.

    Parameters
    ----------
    held
        The predictions.
    differences
        The differences.

    Returns
    -------
    list of str
        One line a score; without the model, which baselines beat the class frequencies.
    """
    lines = []
    if held.has_model:
        rows, name = differences[differences["predictor"] == MODEL], "minus"
        words = {BETTER: "better than", UNCLEAR: "not told apart from", WORSE: "worse than"}
    else:
        rows, name = differences, "predictor"
        words = {
            BETTER: "better than the class frequencies are",
            UNCLEAR: "not told apart from them are",
            WORSE: "worse than them are",
        }
    for each in METRICS:
        own = rows[rows["score"] == each.key]
        said = []
        for verdict, word in words.items():
            some = own[own["verdict"] == verdict]
            names = [f"{shown(row[name])} ({interval(row)})" for _, row in some.iterrows()]
            if names:
                said.append(f"{word} {', '.join(names)}")
        if said:
            lines.append(f"{each.title}: {'; '.join(said)}.")
    return lines


def interval(row: pd.Series) -> str:
    """Write a difference with its interval.

    Parameters
    ----------
    row
        With ``mean``, ``lo`` and ``hi``.

    Returns
    -------
    str
        For instance "-0.031 [-0.096, +0.034]".
    """
    return f"{_signed(row['mean'])} [{_signed(row['lo'])}, {_signed(row['hi'])}]"


def caveats(held: HeldOut) -> list[str]:
    """Say what the figures do not show.

    Parameters
    ----------
    held
        The predictions and what was asked.

    Returns
    -------
    list of str
        Paragraphs.
    """
    truth = (
        "Nobody knows who did it: figures compare predictions with what experts said, and a model "
        "that errs as the experts do scores well. Intervals cover which weeks are in the case, not "
        "the choice of settings, and are not corrected for their number."
    )
    said = [truth]
    if held.has_model and held.plan.scheme == "labeller":
        said.append(
            "The majority of labellers sees only labels; this model and the other baselines see "
            "the incident as well, and this model alone knows who said what."
        )
    if held.left_out:
        said.append(
            "Left out: "
            + "; ".join(f"{shown(name)} ({why})" for name, why in held.left_out.items())
            + "."
        )
    return said


def run_in_words(held: HeldOut, about: Mapping[str, str]) -> str:
    """Say when, with what and on which data.

    Parameters
    ----------
    held
        The predictions and what was asked.
    about
        Date, versions and fingerprints.

    Returns
    -------
    str
        A paragraph.
    """
    other = {"date", "attribution", "python", "code_fingerprint", "case", "case_sha256"}
    libraries = ", ".join(f"{name} {value}" for name, value in about.items() if name not in other)
    options = ", ".join(f"{name} {value}" for name, value in held.plan.options.items())
    return (
        f"Run of {about['date']}: attribution {about['attribution']}, Python {about['python']}, "
        f"{libraries}. Scheme {held.plan.scheme} ({options}); intervals from {BOOTSTRAP_DRAWS} "
        f"draws of weeks. SHA-256 of the case's rows {about['case_sha256']}, of the code "
        f"{about['code_fingerprint'][:16]}."
    )


def _score_lines(table: pd.DataFrame) -> str:
    columns = [name for name in COLUMNS if name in table]
    frame = table[columns].rename(columns=COLUMNS).rename(index=shown).rename_axis(None)
    return str(frame.to_string(float_format="{:.3f}".format, na_rep="-"))


def _question_lines(table: pd.DataFrame, questions: pd.DataFrame) -> str:
    """Only those whose figures a reader compares first; the table of the folder has them all."""
    names = [name for name in (MODEL, hardest(table), REFERENCE) if name in table.index]
    columns = {"n_incidents": "n", **{name: shown(name) for name in dict.fromkeys(names) if name}}
    frame = questions.set_index("question").rename_axis(None)[list(columns)].rename(columns=columns)
    return str(frame.to_string(float_format="{:.2f}".format, na_rep="-"))


def _legend(table: pd.DataFrame) -> str:
    lines = [
        f"  {title}: {MEANINGS[key]}"
        for key, title in COLUMNS.items()
        if key in table and key in MEANINGS
    ]
    return "\n".join(["What the columns mean (losses, Brier and ECE: lower is better):", *lines])


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _bullet(text: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent="* ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _signed(value: float) -> str:
    rounded = round(value, 3)
    return f"{rounded:+.3f}" if rounded else "0.000"
