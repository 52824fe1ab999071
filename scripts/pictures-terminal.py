"""Turns what a terminal shows (text with SGR sequences, as `tmux capture-pane -e -p` prints it) into a
page of HTML that looks like it."""

import html
import re
import sys

FONT = 13.29  # its cells are 8 pixels wide
LINE = 15  # no more than the letters are high: blocks of one line then touch those of the next
CELL = 0.602
PALETTE = [
    "#1d1f21", "#d7584f", "#8fbf5f", "#e2b64a", "#6f9fd8", "#b48ead", "#6cbfc4", "#d4d7d6",
    "#767b7f", "#f07067", "#a9d97a", "#f2cb62", "#8ab8ee", "#cba6c8", "#86d6da", "#ffffff",
]
BACK, FRONT = "#15171a", "#d4d7d6"


def indexed(number):
    if number < 16:
        return PALETTE[number]
    if number >= 232:
        grey = 8 + (number - 232) * 10
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    number -= 16
    levels = [0, 95, 135, 175, 215, 255]
    red, green, blue = number // 36, number // 6 % 6, number % 6
    return f"#{levels[red]:02x}{levels[green]:02x}{levels[blue]:02x}"


def apply(style, codes):
    codes = iter(codes)
    for code in codes:
        if code == 0:
            style.clear()
        elif code in (1, 2, 7):
            style[code] = True
        elif code == 22:
            style.pop(1, None), style.pop(2, None)
        elif code == 27:
            style.pop(7, None)
        elif 30 <= code <= 37:
            style["fg"] = PALETTE[code - 30]
        elif 90 <= code <= 97:
            style["fg"] = PALETTE[code - 82]
        elif 40 <= code <= 47:
            style["bg"] = PALETTE[code - 40]
        elif 100 <= code <= 107:
            style["bg"] = PALETTE[code - 92]
        elif code in (39, 49):
            style.pop("fg" if code == 39 else "bg", None)
        elif code in (38, 48) and next(codes, None) == 5:
            style["fg" if code == 38 else "bg"] = indexed(next(codes, 0))


def span(text, style):
    front, back = style.get("fg", FRONT), style.get("bg")
    if style.get(7):
        front, back = back or BACK, style.get("fg", FRONT)
    css = f"color:{front}"
    css += f";background:{back}" if back else ""
    css += ";font-weight:bold" if style.get(1) else ""
    css += ";opacity:.6" if style.get(2) else ""
    return f'<span style="{css}">{html.escape(text)}</span>'


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    style, shown, widest = {}, [], 0
    for line in lines:
        parts, width = [], 0
        for index, part in enumerate(re.split(r"\x1b\[([0-9;]*)m", line)):
            if index % 2:
                apply(style, [int(code or 0) for code in part.split(";")])
            elif part:
                parts.append(span(part, style))
                width += len(part)
        widest = max(widest, width)
        shown.append("".join(parts))
    width, height = round(widest * FONT * CELL) + 24, len(lines) * LINE + 24
    print(
        f'<!doctype html><meta charset="utf-8"><body data-size="{width} {height}" style="margin:0;'
        f'background:{BACK}"><pre style="margin:12px;color:{FRONT};font:{FONT}px/{LINE}px '
        f"'DejaVu Sans Mono',monospace\">" + "\n".join(shown) + "</pre>"
    )


main()
