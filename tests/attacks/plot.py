"""A plot of one line as SVG, which browsers and code hosts show."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 800, 300, 50
GRID_LINES = 5


def line_plot(values: Sequence[float], x_label: str, y_label: str) -> str:
    """The SVG of values at 1, 2, 3 and so on; the vertical axis begins at zero."""
    highest = max(1.0, max(values, default=0.0))
    step = _round_step(highest / GRID_LINES)
    top = step * math.ceil(highest / step)

    def point(index: int, value: float) -> tuple[float, float]:
        x = MARGIN + (WIDTH - 2 * MARGIN) * index / max(1, len(values) - 1)
        return x, HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * value / top

    lines = []
    for number in range(round(top / step) + 1):
        _, y = point(0, number * step)
        lines.append(f'<path d="M{MARGIN} {y:.1f}H{WIDTH - MARGIN}" stroke="#ddd"/>')
        lines.append(f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{number * step:g}</text>')
    for index in range(0, len(values), max(1, len(values) // 10)):
        x, _ = point(index, 0)
        lines.append(f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">{index + 1}</text>')
    points = " ".join("{:.1f},{:.1f}".format(*point(index, value)) for index, value in enumerate(values))
    lines.append(f'<polyline points="{points}" fill="none" stroke="#06c" stroke-width="2"/>')
    lines.append(f'<text x="{MARGIN}" y="20">{y_label}</text>')
    lines.append(f'<text x="{WIDTH - MARGIN}" y="{HEIGHT - 10}" text-anchor="end">{x_label}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#fff"/>{"".join(lines)}</svg>\n'
    )


def _round_step(step: float) -> float:
    """The next larger 1, 2 or 5 times a power of ten."""
    power: float = 10 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step)
