"""A mapping that cannot be changed, can be hashed, copied and pickled."""

from collections.abc import Iterator, Mapping
from typing import Any


class ReadOnly[K, V](Mapping[K, V]):
    """A mapping without any way to change it.

    ``types.MappingProxyType`` can be neither pickled nor copied deeply, and a case travels to
    worker processes.

    Parameters
    ----------
    items
        The content; copied.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"ReadOnly({self._items!r})"


def read_only(table: Mapping[str, Any]) -> ReadOnly[str, Any]:
    """Make a table as it comes from TOML unchangeable at every depth.

    Parameters
    ----------
    table
        Nested dicts and lists.

    Returns
    -------
    ReadOnly
        The same content as nested read-only mappings and tuples.
    """
    return ReadOnly({key: _frozen(item) for key, item in table.items()})


def _frozen(value: object) -> object:
    if isinstance(value, Mapping):
        return read_only(value)
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value
