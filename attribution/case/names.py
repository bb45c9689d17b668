"""From a name as people write it to a group of the case.

An identifier, a name or an alias is found as it is written, but for case, blanks, accents and
apostrophes. Everything else is found by the consonants it shares with a name. What could be two
groups is never one of them: it is an error that lists both.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from attribution.case.case import Case
from attribution.case.faults import quoted
from attribution.case.readonly import ReadOnly
from attribution.case.spelling import (
    coarse_form,
    is_arabic,
    parts,
    plain,
    skeletons,
    without_words,
)
from attribution.case.validate import split_list

type _Index = Mapping[str, frozenset[str]]

_OLD_ALIAS = "(old alias)"
_QUALIFIER = re.compile(r"\([^()]*\)")
_SHORTEST_FINE, _SHORTEST_FINE_ARABIC, _SHORTEST_COARSE = 3, 2, 4
_CLOSE, _SIMILAR, _NEAREST = 0.85, 0.5, 3


class NameResolutionError(ValueError):
    """A name does not lead to one group.

    Parameters
    ----------
    text
        The name as it was given.
    candidates
        Groups that may have been meant, the likeliest first.
    """

    def __init__(self, text: str, candidates: tuple[str, ...]) -> None:
        super().__init__(text, candidates)
        self.text = text
        self.candidates = candidates


class AmbiguousNameError(NameResolutionError):
    """A name may be any of several groups."""

    def __str__(self) -> str:
        groups = f"{', '.join(self.candidates[:-1])} or {self.candidates[-1]}"
        return f"{quoted(self.text)} may be {groups}; give the group_id that is meant"


class UnknownNameError(NameResolutionError):
    """No group has a name like this."""

    def __str__(self) -> str:
        message = f"no group is called {quoted(self.text)}"
        return f"{message}; nearest: {', '.join(self.candidates)}" if self.candidates else message


@dataclass(frozen=True)
class NameIndex:
    """The names of a case, ready to be looked up.

    Attributes
    ----------
    identifiers, names, aliases
        Groups by what is written in ``groups.csv``, in this order of precedence.
    fine, coarse
        Groups by the consonants of their names.
    parts
        Groups by the consonants of neighbouring words of their names.
    """

    identifiers: _Index
    names: _Index
    aliases: _Index
    fine: _Index
    coarse: _Index
    parts: _Index

    def resolve(self, text: str) -> str:
        """Find the group that a name means.

        Parameters
        ----------
        text
            An identifier, name, alias or another spelling of one.

        Returns
        -------
        str
            The group's identifier.

        Raises
        ------
        AmbiguousNameError
            If it may be several groups.
        UnknownNameError
            If it is none; the error carries the nearest ones.
        """
        found = self._found(text)
        if len(found) == 1:
            return next(iter(found))
        if found:
            raise AmbiguousNameError(text, self._by_likeness(text, found))
        near = self._near(text)
        possible = _looked_up(self.parts, _keys(text)[0], _SHORTEST_FINE)
        possible = possible or frozenset(g for g, likeness in near if likeness >= _CLOSE)
        if len(possible) > 1:
            raise AmbiguousNameError(text, self._by_likeness(text, possible))
        nearest = (*possible, *(group for group, _ in near if group not in possible))
        raise UnknownNameError(text, nearest[:_NEAREST])

    def candidates(self, text: str) -> tuple[str, ...]:
        """List the groups that a name may mean.

        Parameters
        ----------
        text
            A name.

        Returns
        -------
        tuple of str
            The one group it means, else all that it may mean, else the nearest ones.
        """
        try:
            return (self.resolve(text),)
        except NameResolutionError as error:
            return error.candidates

    def _found(self, text: str) -> frozenset[str]:
        written = plain(text)
        for index in (self.identifiers, self.names, self.aliases):
            if written in index:
                return index[written]
        fine, coarse = _keys(text)
        shortest = _SHORTEST_FINE_ARABIC if is_arabic(text) else _SHORTEST_FINE
        return _looked_up(self.fine, fine, shortest) or _looked_up(
            self.coarse, coarse, _SHORTEST_COARSE
        )

    def _near(self, text: str) -> list[tuple[str, float]]:
        likeness: defaultdict[str, float] = defaultdict(float)
        matcher = SequenceMatcher(autojunk=False)
        for key in sorted(_keys(text)[1]):
            matcher.set_seq2(key)
            for known, groups in self.coarse.items():
                matcher.set_seq1(known)
                if matcher.real_quick_ratio() < _SIMILAR or matcher.quick_ratio() < _SIMILAR:
                    continue
                ratio = matcher.ratio()
                for group in groups if ratio >= _SIMILAR else ():
                    likeness[group] = max(likeness[group], ratio)
        return sorted(likeness.items(), key=lambda item: (-item[1], item[0]))

    def _by_likeness(self, text: str, groups: Iterable[str]) -> tuple[str, ...]:
        likeness = dict(self._near(text))
        return tuple(sorted(groups, key=lambda group: (-likeness.get(group, 0.0), group)))


# The one case whose files are being scored is asked again for every block of rows.
@lru_cache(maxsize=1)
def name_index(case: Case) -> NameIndex:
    """Index the names of all groups of a case.

    Parameters
    ----------
    case
        The case.

    Returns
    -------
    NameIndex
        The index.
    """
    identifiers: defaultdict[str, set[str]] = defaultdict(set)
    names: defaultdict[str, set[str]] = defaultdict(set)
    aliases: defaultdict[str, set[str]] = defaultdict(set)
    spellings: list[tuple[str, str]] = []
    disowned: list[tuple[str, str]] = []
    rows = case.groups[["group_id", "name", "aliases"]].itertuples(index=False)
    for group, name, listed in rows:
        identifiers[plain(group)].add(group)
        for form in _forms(name):
            names[plain(form)].add(group)
            spellings.append((group, form))
        for alias in split_list(listed):
            if alias.endswith(_OLD_ALIAS):
                disowned.append((group, alias.removesuffix(_OLD_ALIAS).strip()))
                continue
            for form in _forms(alias):
                aliases[plain(form)].add(group)
                spellings.append((group, form))
    by_spelling = [({group}, spelling) for group, spelling in spellings if not spelling.isupper()]
    for group, alias in disowned:
        # It was a name of this group once; today it is as likely another's.
        others = _sharing_a_rare_word(alias, spellings) - {group}
        groups = {group} | (others or _most_alike(alias, spellings, group))
        aliases[plain(alias)] |= groups
        aliases[plain(f"{alias} {_OLD_ALIAS}")] |= groups
        by_spelling.append((groups, alias))
    return _assembled(identifiers, names, aliases, by_spelling)


def _assembled(
    identifiers: Mapping[str, set[str]],
    names: Mapping[str, set[str]],
    aliases: Mapping[str, set[str]],
    by_spelling: Iterable[tuple[set[str], str]],
) -> NameIndex:
    fine: defaultdict[str, set[str]] = defaultdict(set)
    coarse: defaultdict[str, set[str]] = defaultdict(set)
    partial: defaultdict[str, set[str]] = defaultdict(set)
    for groups, spelling in by_spelling:
        fine_keys, coarse_keys = _keys(spelling)
        for key in fine_keys:
            fine[key] |= groups
        for key in coarse_keys:
            coarse[key] |= groups
        for skeleton in skeletons(spelling):
            for key in parts(skeleton):
                partial[key] |= groups
    return NameIndex(
        _sealed(identifiers),
        _sealed(names),
        _sealed(aliases),
        _sealed(fine),
        _sealed(coarse),
        _sealed(partial),
    )


def _forms(name: str) -> Iterator[str]:
    """Give the ways in which a listed name is written: whole, unqualified, and each alternative."""
    yield name
    unqualified = _QUALIFIER.sub(" ", name).strip()
    for form in (unqualified, *unqualified.split(" / ")):
        if plain(form):
            yield form.strip()
        head = form.split(", ")[0].strip()
        if head != form and plain(head):
            yield head


def _keys(text: str) -> tuple[frozenset[str], frozenset[str]]:
    found = skeletons(text)
    fine = frozenset[str]().union(
        *(skeleton.fine | without_words(skeleton, _GENERIC) for skeleton in found)
    )
    return fine, frozenset(coarse_form(key) for key in fine) - {""}


def _looked_up(index: _Index, keys: Iterable[str], shortest: int) -> frozenset[str]:
    return frozenset[str]().union(
        *(index.get(key, frozenset()) for key in keys if len(key) >= shortest)
    )


def _sharing_a_rare_word(alias: str, spellings: Iterable[tuple[str, str]]) -> set[str]:
    users: defaultdict[str, set[str]] = defaultdict(set)
    for group, spelling in spellings:
        for skeleton in skeletons(spelling):
            for word in skeleton.words:
                users[word].add(group)
    shared = (users[word] for skeleton in skeletons(alias) for word in skeleton.words)
    return {next(iter(groups)) for groups in shared if len(groups) == 1}


def _most_alike(alias: str, spellings: Iterable[tuple[str, str]], owner: str) -> set[str]:
    written = plain(alias)
    ranked = sorted(
        (-SequenceMatcher(None, plain(spelling), written, autojunk=False).ratio(), group)
        for group, spelling in spellings
        if group != owner
    )
    return {group for _, group in ranked[:1]}


def _sealed(index: Mapping[str, set[str]]) -> ReadOnly[str, frozenset[str]]:
    return ReadOnly({key: frozenset(groups) for key, groups in index.items() if key})


# Words that say what kind of body it is and that writers add and leave out.
_GENERIC = frozenset(
    word
    for generic in (
        "harakat",
        "haraka",
        "movement",
        "munadhamat",
        "munazzamat",
        "organization",
        "organisation",
        "group",
        "militia",
    )
    for skeleton in skeletons(generic)
    for word in skeleton.words
)
