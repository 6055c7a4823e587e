"""Records `cargo local --check` in a terminal and draws it as docs/local.svg. Python 3.10 or newer, nothing else:

    python3 infra/local/record.py

What is drawn is what was printed, when it was printed.
"""

import codecs
import os
import pty
import re
import sys
import time
from html import escape
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
COMMAND = ["cargo", "local", "--check"]
COLUMNS, ROWS = 118, 30
# Of a character, in pixels.
WIDTH, HEIGHT = 7.3, 17
MARGIN = 12
COLOURS = [(r"^(✓|Every |  200 )", "ok"), (r"^(\$|  POST|  GET) ", "ask"), (r"^  202 ", "told")]
STYLE = """svg{background:#10151c;border-radius:8px}text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#c9d1d9;white-space:pre}
.ok{fill:#7ee787}.ask{fill:#79c0ff}.told{fill:#d2a8ff}@keyframes in{from{opacity:0}}"""


def record(command: list[str]) -> tuple[list[tuple[float, str]], int]:
    """The lines that a command leaves on its terminal, each with the second at which it stood there whole."""
    began = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(CARGO_TERM_QUIET="true", TERM="xterm")
        os.chdir(TOP)
        os.execvp(command[0], command)
    lines, line, decoder = [], "", codecs.getincrementaldecoder("utf-8")()
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        for part in re.split(r"(\r\n|\r\x1b\[2K)", decoder.decode(piece)):
            if part == "\r\n":
                lines.append((time.monotonic() - began, line))
                line = ""
            elif part == "\r\x1b[2K":
                line = ""
            else:
                line += part
    return lines, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def wrapped(line: str) -> list[str]:
    """A line as a terminal breaks it."""
    return [line[at : at + COLUMNS] for at in range(0, len(line), COLUMNS)] or [""]


def drawn(lines: list[tuple[float, str]]) -> str:
    """An SVG in which the lines appear when they did, and scroll when there is no more room."""
    texts, scrolls, seconds = [], [], lines[-1][0] + 1
    rows = [(at, line, part) for at, line in lines for part in wrapped(line)]
    for row, (at, line, part) in enumerate(rows):
        colour = next((f' class="{name}"' for pattern, name in COLOURS if re.search(pattern, line)), "")
        y = MARGIN + HEIGHT * (row + 1) - 5
        if part:
            appears = f"animation:in .01s {at:.2f}s backwards"
            texts.append(f'<text{colour} x="{MARGIN}" y="{y}" style="{appears}">{escape(part, False)}</text>')
        if row >= ROWS:
            scrolls.append(f"{100 * at / seconds:.2f}%{{transform:translateY({-HEIGHT * (row - ROWS + 1)}px)}}")
    width, height = round(2 * MARGIN + WIDTH * COLUMNS), 2 * MARGIN + HEIGHT * ROWS
    if scrolls:
        last = f"to{{transform:translateY({-HEIGHT * (len(rows) - ROWS)}px)}}"
        move = f"@keyframes up{{{''.join(scrolls)}{last}}}#lines{{animation:up {seconds:.2f}s step-end forwards}}"
    else:
        move = ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(" ".join(COMMAND))} in a terminal"><style>{STYLE}{move}</style>'
        f'<svg x="0" y="{MARGIN}" width="{width}" height="{HEIGHT * ROWS}"><g id="lines" transform="translate(0 {-MARGIN})">\n'
        + "\n".join(texts)
        + "\n</g></svg></svg>\n"
    )


def main() -> int:
    lines, status = record(COMMAND)
    if status:
        print("\n".join(line for _, line in lines), file=sys.stderr)
        return status
    (TOP / "docs/local.svg").write_text(drawn([(0.3, "$ " + " ".join(COMMAND)), *lines]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
