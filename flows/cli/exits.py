"""Every way out of the command line: one sentence and one exit code for each kind of trouble."""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper

import typer

from cdm.errors import BadInput, GateRefused
from flows.cli.codes import Exit, Found

# Typer brings a click of its own; this is the class above its public BadParameter and UsageError.
UsageOrFileError: type[Exception] = typer.BadParameter.__mro__[2]


def run() -> None:
    """Run the command line on sys.argv and leave the process with its exit code."""
    signal.signal(signal.SIGTERM, _stop)
    _speak_any_language()
    code = call(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Prefect's own threads need seconds to stop; all that is ours is on disk by now.
    if "prefect" in sys.modules:
        from flows.prefect_runtime import stop

        stop()
        os._exit(code)
    sys.exit(code)


def _speak_any_language() -> None:
    """Korean must not end a command on an ASCII terminal, nor may an output that was closed before we began."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  # for the whole process
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def call(arguments: list[str]) -> int:
    """Run one command. Returns the exit code; never raises, never prints a traceback."""
    from flows.cli.app import app

    command = typer.main.get_command(app)
    try:
        result = command.main(arguments, prog_name="naru", standalone_mode=False)
        return int(result) if isinstance(result, int) else Exit.OK
    except Found:
        return Exit.FOUND
    except typer.Exit as leave:
        return leave.exit_code
    except UsageOrFileError as error:
        usage = _usage(error)
        sys.stderr.write(usage) if usage.startswith("Usage:") else say(usage)
        return Exit.BAD_INPUT
    except (typer.Abort, KeyboardInterrupt):
        say("stopped; finished stages are kept, the same command goes on from there")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # told below without its text, which may quote a patient's row
        return _told(error)


def _usage(error: Exception) -> str:
    """What is wrong with the words of the command, and where to look."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "naru"
    text = getattr(error, "format_message", error.__str__)()
    if text.startswith("Usage:"):  # a group without a verb: its help is the answer
        return f"{text}\n"
    return f"{text.strip().rstrip('.')}; see: {command} --help"


def _told(error: Exception) -> int:
    from drb.errors import BadInput as BoardBadInput
    from drb.errors import Refused
    from flows.faults import StageFailed, disk_full, kind, place

    if isinstance(error, GateRefused | Refused):
        say(str(error))
        return Exit.REFUSED
    if isinstance(error, BadInput | BoardBadInput):
        say(str(error))
        return Exit.BAD_INPUT
    if isinstance(error, StageFailed):
        say(str(error))
        return Exit.FAULT
    if disk_full(error):
        say("the disk is full; free some space and run the same command again")
        return Exit.BAD_INPUT
    if kind(error).startswith(("httpx.", "prefect.exceptions.")):
        say("Prefect's server does not answer any more; run the same command again: finished stages are kept")
        return Exit.BAD_INPUT
    say(f"unexpected fault: {kind(error)} at {place(error)}; please report it with the command that you ran "
        "(its text is withheld because it may quote patient rows)")  # fmt: skip
    return Exit.FAULT


def say(sentence: str) -> None:
    """One sentence to standard error, each line with the command's name before it."""
    for line in sentence.splitlines():
        sys.stderr.write(f"naru: {line}\n")


def _stop(signum: int, frame: object) -> None:
    raise KeyboardInterrupt
