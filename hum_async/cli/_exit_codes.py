"""The exit codes of `hum`."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of `hum`."""

    OK = 0
    COULD_NOT_RUN = 1
    USAGE = 2
    FAILED_ROWS = 3
    AUTHENTICATION = 4
    SESSION_LIMIT = 5
    HUNG_UP = 129
    INTERRUPTED = 130
    READER_LEFT = 141
    TERMINATED = 143
