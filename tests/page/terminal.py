"""Draws what a command shows on a terminal: terminal.py COLUMNS TITLE FILE.svg COMMAND...

The command runs on a terminal of its own. What it leaves there, with its colors, becomes a picture.
"""

import fcntl
import html
import os
import pty
import re
import struct
import subprocess
import sys
import termios

COLORS = {"31": "#ff7b72", "32": "#56d364", "33": "#e3b341", "34": "#79c0ff", "36": "#56d4dd"}
WIDTH, HEIGHT, MARGIN = 8.4, 19, 16
TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|(\r?\n)|(\r)|([^\x1b\r\n]+)")


def shown(columns, command):
    """Everything that the command writes to its terminal."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=far, stderr=far)
    os.close(far)
    parts = []
    while True:
        try:
            part = os.read(near, 65536)
        except OSError:
            # Its end is an error on Linux.
            break
        if not part:
            break
        parts.append(part)
    child.wait(60)
    return b"".join(parts).decode()


def lines(text):
    """Its lines, each a list of pieces in one color."""
    done, line, color = [], [], ""
    for match in TOKEN.finditer(text):
        numbers, letter, end, back, words = match.groups()
        if letter == "m":
            color = next((number for number in numbers.split(";") if number in COLORS), "")
        elif letter == "K" or back:
            line = []
        elif end:
            done.append(line)
            line = []
        elif words:
            line.append((color, words))
    return done + ([line] if line else [])


def picture(title, columns, rows):
    width, height = columns * WIDTH + 2 * MARGIN, (len(rows) + 2) * HEIGHT + 2 * MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'role="img" aria-label="{html.escape(title)}" font-family="ui-monospace, \'DejaVu Sans Mono\', monospace" font-size="14">'
    )
    yield '<rect width="100%" height="100%" rx="10" fill="#12161c"/>'
    rows = [[("", f"$ {title}")], [], *rows]
    for number, row in enumerate(rows):
        at, y = 0, MARGIN + (number + 1) * HEIGHT - 5
        for color, words in row:
            x, length = MARGIN + at * WIDTH, len(words) * WIDTH
            at += len(words)
            if words.strip():
                fill = COLORS.get(color, "#e6eaef")
                yield (
                    f'<text x="{x:.1f}" y="{y}" textLength="{length:.1f}" xml:space="preserve" fill="{fill}">'
                    f"{html.escape(words)}</text>"
                )
    yield "</svg>"


def main():
    columns, title, file, *command = sys.argv[1:]
    rows = lines(shown(int(columns), command))
    while rows and not rows[-1]:
        rows.pop()
    # A long sentence goes on in the next line, as on a terminal.
    cut = [piece for row in rows for piece in wrapped(row, int(columns))]
    with open(file, "w") as out:
        out.write("\n".join(picture(title, int(columns), cut)) + "\n")


def wrapped(row, columns):
    done, line, room = [], [], columns
    for color, words in row:
        while len(words) > room:
            line.append((color, words[:room]))
            done.append(line)
            words, line, room = words[room:], [], columns
        line.append((color, words))
        room -= len(words)
    return [*done, line]


main()
