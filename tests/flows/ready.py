"""A process in which `naru` stands ready: it runs one command line after the other, each as a process of its own would.

Prefect's server starts once and Great Expectations loads once for all of them. Reads JSON lines {args, env, out, err}
on standard input, answers each with the exit code.
"""

from __future__ import annotations

import gc
import json
import os
import sys


def main() -> None:
    gc.set_threshold(50_000, 20, 20)  # as tests/conftest.py has it
    from flows.cli.exits import call

    commands, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for line in commands:
        asked = json.loads(line)
        before = {name: os.environ.get(name) for name in asked["env"]}
        os.environ.update(asked["env"])
        for number, path in ((1, asked["out"]), (2, asked["err"])):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(handle, number)
            os.close(handle)
        code = call(asked["args"])
        sys.stdout.flush()
        sys.stderr.flush()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        answers.write(f"{int(code)}\n")
        answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
