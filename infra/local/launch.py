"""Runs the pinned AWS emulator for as long as somebody holds this program's standard input open.

Three things are added to the emulator's own command:

* It leads a process group and ends the whole group, the functions included, once its standard input closes. Whoever
  started it holds the other end of that pipe, and the kernel closes it however that program ends, so nothing stays
  behind even after a SIGKILL. The folder TMPDIR, made for this run alone, is removed with it.
* The server that functions poll writes an answer's headers and body apart. With Nagle's algorithm the second write
  waits for the acknowledgement of the first, which the other side delays by 40 ms, so every invocation would take
  that long.
* After each invocation it waits up to 50 ms for a first log line. The lines of a function that has answered are in
  the pipe by then: 2 ms are enough.

The last one replaces a default of a private method, which is why the version is checked.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import signal
import socketserver
import sys
import threading
from typing import NoReturn

EMULATOR_VERSION = "1.5.33"
FIRST_LINE_WAIT_S = 0.002
NEXT_LINE_WAIT_S = 0.001
LINES_WAIT_S = 0.250


def end_with_starter() -> NoReturn:
    """Waits until standard input closes, then ends this process group."""
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)
    raise SystemExit(1)


def main() -> None:
    """Starts the emulator with the settings of its environment."""
    if os.getpgrp() != os.getpid():
        os.setpgrp()
    threading.Thread(target=end_with_starter, name="starter", daemon=True).start()

    version = importlib.metadata.version("ministack")
    if version != EMULATOR_VERSION:
        sys.exit(f"launch.py was written for ministack {EMULATOR_VERSION}, and this is {version}")

    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    from ministack.core import lambda_runtime

    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (FIRST_LINE_WAIT_S, NEXT_LINE_WAIT_S, LINES_WAIT_S)

    from ministack import app

    # The emulator reads its own arguments from the command line; there are none.
    sys.argv = ["ministack"]
    app.main()


if __name__ == "__main__":
    main()
