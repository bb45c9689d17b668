"""Opening models and checking what is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.case.faults import listed, nearest
from attribution.cli.faults import UserError
from attribution.cli.output import note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from attribution.posterior.posterior import Posterior

_SHOWN = 20
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


def check_word(kind: str, word: str, allowed: Iterable[str]) -> str:
    """Make sure that a word is one of those allowed.

    Parameters
    ----------
    kind
        What the word is, for the message.
    word
        The word as given.
    allowed
        The words that would do.

    Returns
    -------
    str
        The word.

    Raises
    ------
    UserError
        If it is another word; the message names the nearest one and lists what is allowed.
    """
    choices = tuple(allowed)
    if word in choices:
        return word
    close = nearest(word, choices)
    hint = f" Did you mean {close!r}?" if close else ""
    raise UserError(f"{kind}: {word!r} is not known.{hint} Allowed: {listed(choices, _SHOWN)}.")


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
    return None if word is None else check_word("actor", word, posterior.actors)


def allowed_words(posterior: Posterior, column: str) -> tuple[str, ...]:
    """Find the words that a column of the incidents may hold.

    Parameters
    ----------
    posterior
        The model.
    column
        A column of text.

    Returns
    -------
    tuple of str
        The case's vocabulary, or the values that occur where it has none.
    """
    vocabulary = posterior.case.config.vocabularies.get(column)
    if vocabulary is not None:
        return tuple(vocabulary)
    return tuple(sorted({str(value) for value in posterior.case.incidents[column]} - {""}))


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
        column: tuple(check_word(column, word, allowed_words(posterior, column)) for word in words)
        for column, words in asked.items()
        if words
    }
