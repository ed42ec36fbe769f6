"""`kazets`: what Kazakhstan's emissions trading law requires of an installation, whether it complied, and why."""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import NoReturn, TextIO

import click

from engine.commands import (
    asking,
    compare,
    curing,
    draft,
    editing,
    facts,
    law,
    proofs,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kazets")
def main() -> None:
    """What Kazakhstan's emissions trading law requires of an installation, whether it complied, and why.

    \b
    Examples:
      kazets determine examples/case.yaml
      kazets why examples/case.yaml K-1 YEAR
      kazets cure examples/case.yaml K-1 YEAR
      kazets law list

    Exit status: 0 answered, 1 a check failed, 2 bad usage or bad input.
    """


MODULES = (
    asking,
    compare,
    curing,
    draft,
    editing,
    facts,
    law,
    proofs,
)
for module in MODULES:
    for verb in module.VERBS:
        main.add_command(verb)


def run() -> None:
    """The `kazets` command; every failure is a line and an exit status, never a traceback."""
    from engine.problems import EngineDefect, InputError

    gc.disable()  # a command answers and ends: collecting garbage would only delay the answer
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # the same bytes, whatever the locale
    stdout = sys.stdout
    try:
        main(standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as stop:
        # Click and rich call a closed pipe a failure: the one puts another stdout in place, the other raises this beside it.
        if sys.stdout is stdout and not isinstance(stop.__context__, BrokenPipeError):
            raise
        _read_no_further(stdout)
    except BrokenPipeError:
        _read_no_further(stdout)
    except InputError as error:
        for problem in error.problems:
            click.echo(f"kazets: {problem}", err=True)
        sys.exit(2)
    except EngineDefect as error:
        click.echo(f"kazets: the engine contradicts itself, and gives no answer: {error}", err=True)
        sys.exit(1)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "kazets"
        click.echo(f"kazets: {error.format_message()} — see {command} --help", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"kazets: the answer could not be written: {error.strerror}", err=True)
        sys.exit(2)


def _read_no_further(stdout: TextIO) -> NoReturn:
    """Whoever reads the answer has seen enough, as in `| head`: no failure, and nothing more to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())  # what is still buffered goes nowhere
    sys.exit(0)


if __name__ == "__main__":
    run()
