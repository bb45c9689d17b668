"""Exit codes, and which exceptions are a user's fault instead of a defect."""

from enum import IntEnum
from types import MappingProxyType


class ExitCode(IntEnum):
    """What a command's exit tells its caller."""

    DONE = 0
    INPUT_FAULT = 1
    WRONG_USAGE = 2
    FAILED_DIAGNOSTICS = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class UserError(Exception):
    """Something that the user gave cannot be used; the message says what would do."""


# By name: importing the classes would import the samplers, only to report a misspelt path.
_CODES = MappingProxyType(
    {
        "attribution.case.faults.CaseError": ExitCode.INPUT_FAULT,
        "attribution.channels.stack.ChannelError": ExitCode.INPUT_FAULT,
        "attribution.case.names.NameResolutionError": ExitCode.INPUT_FAULT,
        "attribution.evaluate.errors.EvaluationError": ExitCode.INPUT_FAULT,
        "attribution.pictures.picture.PictureError": ExitCode.INPUT_FAULT,
        "attribution.posterior.posterior.UnknownIncidentError": ExitCode.INPUT_FAULT,
        "attribution.posterior.questions.WordError": ExitCode.INPUT_FAULT,
        "attribution.posterior.store.ModelFolderError": ExitCode.INPUT_FAULT,
        "attribution.scoring.errors.InputFileError": ExitCode.INPUT_FAULT,
        "attribution.scoring.errors.ScoreSettingsError": ExitCode.WRONG_USAGE,
        "attribution.model.fit.NothingToLearnError": ExitCode.INPUT_FAULT,
        "attribution.model.verdict.DiagnosticsError": ExitCode.FAILED_DIAGNOSTICS,
    }
)


def exit_code(error: Exception) -> ExitCode | None:
    """Tell what an exception means for the caller of the command line.

    Parameters
    ----------
    error
        What a command raised.

    Returns
    -------
    ExitCode or None
        None for a defect of the program, which is to be shown with its traceback.
    """
    if isinstance(error, UserError | OSError):
        return ExitCode.INPUT_FAULT
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    return next((_CODES[name] for name in names if name in _CODES), None)


def message(error: Exception) -> str:
    """Say what went wrong.

    Parameters
    ----------
    error
        What a command raised.

    Returns
    -------
    str
        The exception's own words; for an error of the operating system, the file and the reason.
    """
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    # str() of a LookupError built from one argument would put quotation marks around it.
    if isinstance(error, KeyError) and len(error.args) == 1:
        return str(error.args[0])
    return str(error)
