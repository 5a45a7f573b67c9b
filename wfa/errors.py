"""The errors a person can cause, each with a message that says what to do.

Every message names what was found, where, and the remedy. The command line prints it and leaves
with code 2; anything that is not a `UserError` is our fault and leaves with code 1.
"""


class UserError(Exception):
    """The user's input is wrong; the message says what was found, where and what to do."""


class ConfigError(UserError):
    """A key, value or name in a config does not exist or has the wrong type."""


class DataError(UserError):
    """A data set is missing, incomplete, or holds something that cannot be read."""


class ModelError(UserError):
    """A checkpoint, model name or weight file does not fit."""


class RunError(UserError):
    """A run folder cannot be used as asked: unfinished, finished, or another run's."""


class SearchIndexError(UserError):
    """An index folder is damaged or was made by another model."""


class ArgumentError(UserError, ValueError):
    """What was handed to a function of the package does not fit; nothing was computed."""
