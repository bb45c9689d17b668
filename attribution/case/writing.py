"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(content: bytes, path: Path) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    content
        All of it.
    path
        The file, replaced if it exists.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    target = path.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
