"""Reading a coded column whose words fall into classes that the case declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attribution.channels.base import unknown_value
from attribution.channels.nested import NestedChannel, Path, nested_channel, scales_of

if TYPE_CHECKING:
    from attribution.case.case import Case
    from attribution.case.config import ChannelSpec

#: Words that say that nothing is known; they contribute nothing.
MISSING = ("", "unknown")


def classed_channel(
    spec: ChannelSpec, case: Case, scales: tuple[float, float], heading: str
) -> NestedChannel:
    """Bind a channel over one coded column, its words grouped by ``options.classes``.

    Parameters
    ----------
    spec
        Entry of ``case.toml``, with one column.
    case
        The case.
    scales
        Scales of the effects of a class and of a word within it.
    heading
        Word that introduces the value in an explanation.

    Returns
    -------
    NestedChannel
        The bound channel.

    Raises
    ------
    ValueError
        If there is not one column, or the options do not give a class to every word of its
        vocabulary.
    """
    if len(spec.columns) != 1:
        raise ValueError(f"channel {spec.name} reads one column, not {len(spec.columns)}")
    column = spec.columns[0]
    classes = class_of_words(spec, case, column)
    allowed = tuple(classes)

    def read(value: str) -> tuple[Path, str]:
        if value in classes:
            return (classes[value], value), ""
        if value == "":
            return (), f"{column} is missing"
        return (), "" if value in MISSING else unknown_value(column, value, allowed)

    return nested_channel(
        spec.name,
        case.config.actors,
        ((group, word) for word, group in classes.items()),
        scales_of(spec, scales),
        columns=spec.columns,
        read=read,
        heading=heading,
    )


def class_of_words(spec: ChannelSpec, case: Case, column: str) -> dict[str, str]:
    """Return the class of every informative word of a vocabulary.

    Parameters
    ----------
    spec
        Entry of ``case.toml`` with ``options.classes``.
    case
        The case.
    column
        The column that has the vocabulary.

    Returns
    -------
    Class by word; a class of one word bears the word's name.

    Raises
    ------
    ValueError
        If the column has no vocabulary or the classes do not match it.
    """
    declared = spec.options.get("classes", {})
    if not isinstance(declared, Mapping):
        message = f"channel {spec.name}: options.classes must map each word to its class"
        raise ValueError(message)  # noqa: TRY004 - the file's value is at fault, not a call's type
    if column not in case.config.vocabularies:
        raise ValueError(f"channel {spec.name}: case.toml gives no vocabulary of {column}")
    vocabulary = [word for word in case.config.vocabularies[column] if word not in MISSING]
    missing = sorted(set(vocabulary) - set(declared))
    unknown = sorted(set(declared) - set(vocabulary))
    if missing or unknown:
        raise ValueError(
            f"channel {spec.name}: options.classes must name every word of {column}; "
            f"missing: {', '.join(missing) or 'none'}; not in the vocabulary: "
            f"{', '.join(unknown) or 'none'}"
        )
    members = Counter(str(declared[word]) for word in vocabulary)
    # A class of one word bears the word's name. The word keeps both effects, so that every word
    # has the same prior scale.
    return {
        word: str(declared[word]) if members[str(declared[word])] > 1 else word
        for word in vocabulary
    }
