"""Spellings of Arabic names: what stays the same from one transliteration to the next.

The consonants stay; vowels, hamza and ayn, the article, doubled letters and the h of a feminine
ending come and go. A *skeleton* keeps what stays, so that two spellings of a name have the same
one, whichever alphabet they are written in.
"""

import re
import unicodedata
from dataclasses import dataclass

# As they look once digraphs are single letters; "te" is the English article.
_ARTICLES = frozenset({"al", "el", "il", "ol", "ul", "te"})
# The l of the article takes on the sound of the letter that follows: as-Salam, ash-Shuhada.
_ASSIMILATED = re.compile(r"[aeu]([Sdnrstz])")
# Latin digraphs of one Arabic letter; capitals are letters of the skeleton only.
_DIGRAPHS = (("kh", "K"), ("sh", "S"), ("th", "t"), ("dh", "d"), ("gh", "g"), ("ph", "f"))
_VOWELS = frozenset("aeiou")
_HALF_VOWELS = frozenset("wy")
_COARSE = str.maketrans({"K": "k", "q": "k", "c": "k", "S": "s", "z": "s", "h": None})
_ARABIC = str.maketrans(
    {
        "ا": "a", "أ": "a", "إ": "a", "آ": "a", "ٱ": "a", "ء": "a", "ئ": "a", "ؤ": "a", "ع": "a",  # noqa: RUF001
        "ى": "a", "ب": "b", "پ": "b", "ت": "t", "ط": "t", "ث": "t", "ج": "j", "چ": "S", "ح": "h",
        "ه": "h", "خ": "K", "د": "d", "ض": "d", "ذ": "d", "ر": "r", "ز": "z", "ظ": "z", "ژ": "z",  # noqa: RUF001
        "س": "s", "ص": "s", "ش": "S", "غ": "g", "ف": "f", "ق": "q", "ك": "k", "ک": "k", "گ": "g",
        "ل": "l", "م": "m", "ن": "n", "و": "w", "ي": "y", "ی": "y", "ـ": None,
    }
)  # fmt: skip
_ARABIC_ARTICLE = re.compile(r"\bال(?=\w)")  # noqa: RUF001
_FEMININE_ENDING = "ة"
# Typographic quotation marks, accents that stand alone, and the signs for hamza and ayn.
_APOSTROPHES = re.compile(r"['`\u00b4\u2018\u2019\u02b9\u02bb\u02bc\u02be\u02bf\u02c8\u2032\uff07]")


@dataclass(frozen=True)
class Skeleton:
    """The consonants of a name, word by word.

    Attributes
    ----------
    words
        Skeleton of each word that is no article.
    fine
        The words run together, without and with their articles.
    """

    words: tuple[str, ...]
    fine: frozenset[str]


def plain(text: str) -> str:
    """Reduce a spelling to its letters and digits.

    Parameters
    ----------
    text
        A name.

    Returns
    -------
    str
        Lower case letters and digits without diacritics, blanks and punctuation.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter for letter in folded if letter.isalnum() and not _is_hamza_or_ayn(letter))


def skeletons(text: str) -> tuple[Skeleton, ...]:
    """Find the skeletons of a name.

    Parameters
    ----------
    text
        A name in Latin or Arabic letters.

    Returns
    -------
    tuple of Skeleton
        One, or two for an Arabic name with a feminine ending, which is read as "t" or not at all;
        none for a name without consonants.
    """
    readings = {text.replace(_FEMININE_ENDING, ending) for ending in ("ت", "")}
    found = (_skeleton(reading) for reading in sorted(readings))
    return tuple(skeleton for skeleton in found if skeleton.words)


def without_words(skeleton: Skeleton, words: frozenset[str]) -> frozenset[str]:
    """Leave some words out of a skeleton.

    Parameters
    ----------
    skeleton
        The skeleton of a name.
    words
        Skeletons of the words to leave out.

    Returns
    -------
    frozenset of str
        The fine form of the rest; empty if nothing is left out or nothing remains.
    """
    rest = [word for word in skeleton.words if word not in words]
    if not rest or len(rest) == len(skeleton.words):
        return frozenset()
    return frozenset({"".join(rest)})


def parts(skeleton: Skeleton) -> frozenset[str]:
    """Run together every row of neighbouring words.

    Parameters
    ----------
    skeleton
        The skeleton of a name.

    Returns
    -------
    frozenset of str
        The fine form of each part of the name, the whole included.
    """
    words = skeleton.words
    return frozenset(
        "".join(words[first:last])
        for first in range(len(words))
        for last in range(first + 1, len(words) + 1)
    )


def coarse_form(fine: str) -> str:
    """Merge the letters that transliterations confuse: k, q and kh; s, sh and z; any h.

    Parameters
    ----------
    fine
        The skeleton of a word or name.

    Returns
    -------
    str
        Its coarse form.
    """
    return fine.translate(_COARSE)


def is_arabic(text: str) -> bool:
    """Tell whether a name is written in Arabic letters.

    Parameters
    ----------
    text
        A name.

    Returns
    -------
    bool
        Whether it holds an Arabic letter.
    """
    return any(ord(letter) in _ARABIC or letter == _FEMININE_ENDING for letter in text)


def _skeleton(text: str) -> Skeleton:
    words = _words(text)
    articles = [_is_article(word, words[place + 1 :]) for place, word in enumerate(words)]
    bones = [_consonants(word) for word in words]
    content = tuple(b for b, article in zip(bones, articles, strict=True) if b and not article)
    # "sarayaalsalam", written in one word, keeps the l of its article.
    fine = frozenset({"".join(content), "".join(bones)}) - {""}
    return Skeleton(content, fine)


def _words(text: str) -> list[str]:
    # Apostrophes go first: composing an accent that stands alone would part the word.
    composed = unicodedata.normalize("NFKC", _APOSTROPHES.sub("", text)).casefold()
    # Before hamzas are taken off: the first letters of "alwiya" are no article.
    composed = _ARABIC_ARTICLE.sub(r"\g<0> ", composed)
    decomposed = unicodedata.normalize("NFKD", composed)
    letters = "".join(
        letter
        for letter in decomposed
        if not unicodedata.combining(letter) and not _is_hamza_or_ayn(letter)
    )
    for latin, letter in _DIGRAPHS:
        letters = letters.replace(latin, letter)
    # Only what stands side by side is doubled: "haqiqa" is not "haqq". Arabic writes no doubles.
    return re.findall(r"[A-Za-z0-9]+", _undoubled_letters(letters).translate(_ARABIC))


def _is_article(word: str, following: list[str]) -> bool:
    if not following:
        return False
    assimilated = _ASSIMILATED.fullmatch(word)
    return word in _ARTICLES or (
        assimilated is not None and following[0].startswith(assimilated[1])
    )


def _consonants(word: str) -> str:
    stem = word.removesuffix("h")
    return "".join(
        letter
        for place, letter in enumerate(stem)
        if letter not in _VOWELS and (place == 0 or letter not in _HALF_VOWELS)
    )


def _undoubled_letters(letters: str) -> str:
    return re.sub(r"([A-Za-z])\1+", r"\1", letters)


def _is_hamza_or_ayn(letter: str) -> bool:
    return _APOSTROPHES.fullmatch(letter) is not None
