"""Case folders: read them with all their faults, write them, find the one that comes along."""

import csv
import io
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from attribution.case.canonical import plain_cells
from attribution.case.case import Case
from attribution.case.checks import config_faults, table_faults
from attribution.case.config import CONFIG_FILE, CaseConfig, parse_config
from attribution.case.faults import CaseError, Fault, nearest, quoted
from attribution.case.read import read_table, read_text
from attribution.case.readonly import ReadOnly
from attribution.case.schema import SCHEMA
from attribution.case.validate import Typed, reference_faults, typed_table


def load_case(folder: str | Path) -> Case:
    """Read and check a case folder.

    Parameters
    ----------
    folder
        The folder with ``case.toml`` and the tables.

    Returns
    -------
    Case
        The case, checked and typed.

    Raises
    ------
    CaseError
        If anything is wrong; it lists every fault with file, row, column, value, what is allowed
        and what was probably meant.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CaseError([_no_folder(folder)])
    config, faults = _read_config(folder)
    tables, broken, more = _read_tables(folder, config)
    faults.extend(more)
    if config is not None:
        faults.extend(config_faults(config, tables, broken))
    faults.extend(reference_faults(tables, broken))
    faults.extend(table_faults(tables))
    if faults or config is None:
        raise CaseError(sorted(faults, key=_position))
    return Case(config, ReadOnly({name: table.frame for name, table in tables.items()}))


def save_case(case: Case, folder: str | Path) -> None:
    """Write a case as a folder that `load_case` reads.

    The as-of date is no part of a case folder: a saved as-of view holds only what was known, and
    its date is for the caller to keep (``dataclasses.replace(load_case(folder), as_of=...)``).

    Parameters
    ----------
    case
        The case.
    folder
        Where to write; made if it does not exist.

    Raises
    ------
    ValueError
        If the configuration was changed after it was read, so that its text no longer says the
        same.
    """
    if parse_config(case.config.text)[0] != case.config:
        raise ValueError(
            "the configuration of the case differs from its text (config.text), which is what "
            "would be written; change the text and parse it again"
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_FILE).write_text(case.config.text, encoding="utf-8", newline="")
    for name, schema in SCHEMA.items():
        cells = plain_cells(case.tables[name])
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(cells.columns)
        writer.writerows(cells.itertuples(index=False, name=None))
        (folder / schema.file).write_text(buffer.getvalue(), encoding="utf-8", newline="")


def bundled_case_folder(name: str = "iraq") -> Path:
    """Find a case that comes with the package.

    Parameters
    ----------
    name
        Name of the case.

    Returns
    -------
    Path
        The folder inside the installed package, or the repository's own.

    Raises
    ------
    CaseError
        If there is no such case.
    """
    package = Path(str(resources.files("attribution")))
    homes = (package / "bundled", package.parent / "data")
    found = {
        folder.name: folder
        for home in reversed(homes)
        if home.is_dir()
        for folder in home.iterdir()
        if (folder / CONFIG_FILE).is_file()
    }
    if name not in found:
        names = tuple(sorted(found))
        message = f"no case {quoted(name)} comes with the package"
        raise CaseError([Fault(name, None, None, name, message, names, nearest(name, names))])
    return found[name]


def _no_folder(folder: Path) -> Fault:
    what = "is not a folder" if folder.exists() else "there is no such folder"
    parent = folder.parent
    others = [entry.name for entry in parent.iterdir() if entry.is_dir()] if parent.is_dir() else []
    return Fault(str(folder), None, None, str(folder), what, (), nearest(folder.name, others))


def _read_config(folder: Path) -> tuple[CaseConfig | None, list[Fault]]:
    text, faults = read_text(folder, CONFIG_FILE)
    if text is None:
        return None, list(faults)
    config, more = parse_config(text)
    return config, [*faults, *more]


def _read_tables(
    folder: Path, config: CaseConfig | None
) -> tuple[Mapping[str, Typed], frozenset[str], list[Fault]]:
    # Without case.toml the words cannot be checked; everything else can.
    vocabularies = {} if config is None else config.vocabularies
    tables: dict[str, Typed] = {}
    faults: list[Fault] = []
    broken: set[str] = set()
    for name, schema in SCHEMA.items():
        raw, more = read_table(folder, schema.file)
        faults.extend(more)
        if more:
            broken.add(name)
        if raw is None:
            continue
        if not set(schema.key) <= set(raw.header):
            broken.add(name)
        tables[name], more = typed_table(raw, schema, vocabularies)
        faults.extend(more)
    return tables, frozenset(broken), faults


def _position(fault: Fault) -> tuple[int, int]:
    files = [CONFIG_FILE, *(schema.file for schema in SCHEMA.values())]
    return (files.index(fault.file), fault.row or 0)
