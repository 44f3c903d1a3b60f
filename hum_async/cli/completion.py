"""``hum completion``: prints what a shell needs to complete commands and options."""

from typing import Annotated, Literal

from cyclopts import Parameter

from hum_async.cli._app import make_app
from hum_async.cli._console import data
from hum_async.cli._exit_codes import ExitCode
from hum_async.cli._run import run

Shell = Literal["bash", "zsh", "fish", "powershell"]


def completion(shell: Annotated[Shell, Parameter(show_choices=True)], /) -> int:
    """Print a script with which a shell completes commands and options of hum.

    Args:
        shell: The shell.
    """

    def prepare() -> ExitCode:
        data.out(make_app().generate_completion(shell=shell), highlight=False)
        return ExitCode.OK

    return run(prepare)
