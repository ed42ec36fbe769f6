"""`kazets`: what Kazakhstan's emissions trading law requires of an installation, whether it complied, and why."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import NoReturn, TextIO

import click

VERBS = {
    "asking": ("determine", "why", "readings", "replay"),
    "compare": ("compare", "project"),
    "curing": ("cure",),
    "draft": ("draft",),
    "editing": ("test", "check", "coverage", "mutate", "schema", "fmt", "phase"),
    "facts": ("facts",),
    "law": ("law",),
    "proofs": ("prove-law",),
}
"""The modules of `engine.commands`, each with its verbs; loaded when one of these is asked for."""


class Verbs(click.Group):
    """The verbs of the command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(verb for verbs in VERBS.values() for verb in verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = next((name for name, verbs in VERBS.items() if cmd_name in verbs), None)
        if module is None:
            verbs = ((verb, self.get_command(ctx, verb)) for verb in self.list_commands(ctx))
            self.commands = {verb: command for verb, command in verbs if command is not None}  # one of which may be meant
            return None
        found: dict[str | None, click.Command] = {verb.name: verb for verb in import_module(f"engine.commands.{module}").VERBS}
        return found[cmd_name]


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
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


def process() -> None:
    """The whole life of a process of the command: once it has answered, what it holds in memory is not taken apart bit by bit."""
    status = list[int]()

    def end() -> None:  # registered first, so that whatever else must be done at the end is done before
        if status:
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status[0])

    atexit.register(end)
    gc.disable()  # a command answers and ends: collecting garbage would only delay the answer
    try:
        run()
    except SystemExit as stop:
        if isinstance(stop.code, int):
            status.append(stop.code)
        raise
    status.append(0)


def run() -> None:
    """What the command does; every failure is a line and an exit status, never a traceback."""
    from engine.problems import EngineDefect, InputError

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
    process()
