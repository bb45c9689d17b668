"""What is wrong with a file of incidents."""

from pathlib import Path


class InputFileError(ValueError):
    """A file of incidents cannot be read, or its attributions cannot be written.

    Parameters
    ----------
    path
        The file at fault.
    message
        What is wrong with it and what would do, as a clause without a full stop.
    row
        Line of a text file (the header is line 1) where the fault was met.
    """

    def __init__(self, path: Path, message: str, row: int | None = None) -> None:
        self.path = path
        self.message = message
        self.row = row
        super().__init__(path, message, row)

    def __str__(self) -> str:
        place = self.path.name if self.row is None else f"{self.path.name}, row {self.row}"
        return f"{place}: {self.message}."
