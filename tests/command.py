"""A command as a user calls it, in this process."""

from typer.testing import CliRunner, Result

from attribution.cli import app


def call(*arguments: object, given: bytes | None = None) -> Result:
    """Call a command; an exception that is no exit is the test's."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
