"""What was found is kept while there is room: the last asked for stays."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock


class Kept[Key, Value]:
    """Values by key, the one that was not asked for longest given up first.

    Unlike a cached function it takes many values at once. Several threads may use it.

    Parameters
    ----------
    most
        Number of values that are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        """Return what is kept under a key, None if nothing is."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, and give up another one where there is no room."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
