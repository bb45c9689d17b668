"""What tells one file, one model and one set of options from another."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes at each end of a file that are read: a file may be larger than one wants to read twice.
ENDS = 64 * 1024


def state_of(path: Path) -> dict[str, Any]:
    """Describe the content of a file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        Its size and the SHA-256 of both of its ends.
    """
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        digest = hashlib.sha256(stream.read(ENDS))
        if size > ENDS:
            stream.seek(max(ENDS, size - ENDS))
            digest.update(stream.read(ENDS))
    return {"size": size, "ends": digest.hexdigest()}


def fingerprint(content: object) -> str:
    """Condense plain values.

    Parameters
    ----------
    content
        What JSON can write.

    Returns
    -------
    str
        A SHA-256 in hexadecimal digits.
    """
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
