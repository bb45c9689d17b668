"""The texts that matplotlib really draws: ticks out of sight and hidden axes draw none."""

from dataclasses import dataclass
from unittest.mock import patch

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


@dataclass(frozen=True)
class Drawn:
    text: str
    size: float
    #: Left, bottom, right and top in pixels.
    box: tuple[float, float, float, float]

    def hides(self, other: "Drawn", leeway: float = 1.5) -> bool:
        left, bottom, right, top = self.box
        west, south, east, north = other.box
        return (
            min(right, east) - max(left, west) > leeway
            and min(top, north) - max(bottom, south) > leeway
        )


def drawn_texts(figure: Figure) -> list[Drawn]:
    found: dict[int, Text] = {}
    draw = Text.draw

    def noted(self: Text, renderer: object, *rest: object) -> None:
        if self.get_visible() and self.get_text().strip():
            found[id(self)] = self
        draw(self, renderer, *rest)

    canvas = FigureCanvasAgg(figure)
    with patch.object(Text, "draw", noted):
        canvas.draw()
    renderer = canvas.get_renderer()
    return [
        Drawn(text.get_text(), text.get_fontsize(), text.get_window_extent(renderer).extents)
        for text in found.values()
    ]
