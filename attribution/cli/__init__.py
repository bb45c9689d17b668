"""The command line: parse, call, print. Whatever is heavy is imported by the command using it."""

from attribution.cli.app import app, main

__all__ = ["app", "main"]
