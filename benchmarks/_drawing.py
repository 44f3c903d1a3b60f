"""What the plots have in common: pictures in SVG that can be read in light and in dark."""

from collections.abc import Iterable
from html import escape

__all__ = ["STYLE", "path", "picture", "rectangle", "text"]

# Own background: readable wherever the picture stands, also where only one of page and picture
# follows the reader's colour scheme.
STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
.page { fill: #ffffff; stroke: #d1d9e0; } .ink { fill: #1f2328; } .faint { fill: #59636e; }
.title { font-weight: 600; } .end { text-anchor: end; } .middle { text-anchor: middle; }
.axis { stroke: #d1d9e0; fill: none; } .pause { fill: #ddf0ff; }
.limit { stroke: #1a7f37; stroke-width: 1.5; stroke-dasharray: 6 4; fill: none; }
.rate { stroke: #0969da; stroke-width: 1.8; fill: none; stroke-linejoin: round; }
.refusal { stroke: #cf222e; stroke-width: 1.8; fill: none; stroke-linecap: round; }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117; stroke: #3d444d; } .ink { fill: #f0f6fc; } .faint { fill: #9198a1; }
  .axis { stroke: #3d444d; } .pause { fill: #17304d; }
  .limit { stroke: #3fb950; } .rate { stroke: #58a6ff; } .refusal { stroke: #ff7b72; }
}
"""


def text(x: float, y: float, words: str, style: str = "ink") -> str:
    """Return words on a line."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(words, quote=False)}</text>'


def path(style: str, points: str) -> str:
    """Return a line."""
    return f'<path class="{style}" d="{points}"/>'


def rectangle(style: str, x: float, y: float, width: float, height: float) -> str:
    """Return a filled rectangle."""
    size = f'width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" {size}/>'


def picture(
    lines: Iterable[str], *, size: tuple[float, float], title: str, told: str, style: str = ""
) -> str:
    """Return a whole picture.

    Args:
        lines: What is on it.
        size: Width and height, in units of the plot; it is shown 640 pixels wide.
        title: What it is called.
        told: What it shows, for who cannot see it.
        style: Rules of CSS beside the common ones.
    """
    width, height = size
    shown = f'viewBox="0 0 {width:g} {height:g}" width="640" height="{640 * height / width:.0f}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {shown} role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(title)}</title>',
        f'<desc id="d">{escape(told)}</desc>',
        f"<style>{STYLE}{style}</style>",
    ]
    frame = f'width="{width - 1:g}" height="{height - 1:g}" rx="6"'
    page = f'<rect class="page" x="0.5" y="0.5" {frame}/>'
    return "\n".join([*head, page, *lines, "</svg>"]) + "\n"
