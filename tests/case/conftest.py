import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from attribution.case.faults import CaseError, Fault
from attribution.case.load import bundled_case_folder, load_case


class Folder:
    """A copy of the bundled case that a test may spoil."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, table: str) -> list[list[str]]:
        with (self.path / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    def write(self, table: str, rows: list[list[str]]) -> None:
        with (self.path / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)

    def edit(self, table: str, row: int, column: str, value: str) -> str:
        """Change the cell in the row with this line number; return what stood there."""
        rows = self.read(table)
        place = rows[0].index(column)
        before = rows[row - 1][place]
        rows[row - 1][place] = value
        self.write(table, rows)
        return before

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.path / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def faults(self) -> tuple[Fault, ...]:
        with pytest.raises(CaseError) as caught:
            load_case(self.path)
        return caught.value.faults

    def fault(self) -> Fault:
        faults = self.faults()
        assert len(faults) == 1, [str(fault) for fault in faults]
        return faults[0]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    path = tmp_path / "iraq"
    shutil.copytree(bundled_case_folder(), path)
    return Folder(path)


@pytest.fixture
def spoil(folder: Folder) -> Callable[[str, int, str, str], Fault]:
    def change(table: str, row: int, column: str, value: str) -> Fault:
        folder.edit(table, row, column, value)
        return folder.fault()

    return change
