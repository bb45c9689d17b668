"""What ends the scoring of a file."""

from pathlib import Path

#: How the standard streams are called where a file could stand.
STANDARD = Path("-")


class InputFileError(ValueError):
    """A file of incidents cannot be read, or its attributions cannot be written.

    Parameters
    ----------
    path
        The file at fault; "-" is standard input.
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
        name = "standard input" if self.path == STANDARD else self.path.name
        place = name if self.row is None else f"{name}, row {self.row}"
        return f"{place}: {self.message}."


class StoppedError(InputFileError):
    """A run stopped for a reason that lies outside the rows, and can be continued."""


class LeftoverError(InputFileError):
    """An interrupted or a complete run stands in the way of this one."""


class ScoreSettingsError(ValueError):
    """Settings name what does not exist, or do not go together."""


def os_reason(error: OSError) -> str:
    """Say why the operating system refused something.

    Parameters
    ----------
    error
        What it raised.

    Returns
    -------
    str
        The reason without the file's name.
    """
    return error.strerror or first_line(error)


def first_line(error: Exception) -> str:
    """Shorten the message of a library to its first line.

    Parameters
    ----------
    error
        What the library raised.

    Returns
    -------
    str
        The line without a full stop; the kind of error if there is none.
    """
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
