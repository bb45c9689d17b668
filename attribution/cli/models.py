"""Opening models and checking what is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.cli.faults import UserError
from attribution.cli.output import note
from attribution.posterior.questions import allowed_words, known_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from attribution.posterior.posterior import Posterior

UNTRUSTED = "Warning: this model failed its own diagnostics; see `attribution diagnose`."


def load_model(folder: Path) -> Posterior:
    """Load a model, whatever its diagnostics said.

    Parameters
    ----------
    folder
        Folder of the model.

    Returns
    -------
    Posterior
        The model.

    Raises
    ------
    UserError
        If there is no such folder; told before the libraries are loaded, which takes seconds.
    """
    if not folder.is_dir():
        raise UserError(f"{str(folder)!r} is no model: there is no such folder")
    from attribution.posterior.store import load  # noqa: PLC0415

    return load(folder)


def open_model(folder: Path) -> Posterior:
    """Load a model, with a warning if it was saved in spite of failed diagnostics.

    Parameters
    ----------
    folder
        Folder of the model.

    Returns
    -------
    Posterior
        The model.
    """
    posterior = load_model(folder)
    if not posterior.diagnose().passed:
        note(UNTRUSTED)
    return posterior


def check_actor(posterior: Posterior, word: str | None) -> str | None:
    """Make sure that an actor is one of the model's.

    Parameters
    ----------
    posterior
        The model.
    word
        Identifier of an actor; None stays None.

    Returns
    -------
    str or None
        The identifier.
    """
    return None if word is None else known_word("actor", word, posterior.actors)


def chosen_words(
    posterior: Posterior, asked: Mapping[str, Sequence[str] | None]
) -> dict[str, tuple[str, ...]]:
    """Make sure that the words by which incidents are selected are known.

    Parameters
    ----------
    posterior
        The model.
    asked
        Words by column of the incidents; None or none of a column that does not matter.

    Returns
    -------
    dict of str to tuple of str
        The words of the columns that matter.

    Raises
    ------
    UserError
        If one is not known.
    """
    return {
        column: tuple(
            known_word(column, word, allowed_words(posterior.case, column)) for word in words
        )
        for column, words in asked.items()
        if words
    }
