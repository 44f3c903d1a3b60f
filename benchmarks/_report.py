"""What every benchmark does with its figures: a table on the screen, JSON beside the script."""

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["percentile", "publish", "table"]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie; NaN if there are none."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows of equal keys as a Markdown table."""
    if not rows:
        return "(no rows)"
    header = list(rows[0])
    cells = [header, *([_shown(row.get(name)) for name in header] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def publish(script: str, figures: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Print named tables and write them as JSON beside the script.

    Args:
        script: The script's ``__file__``.
        figures: Rows by the name of their table.
    """
    for name, rows in figures.items():
        print(f"\n{name}\n\n{table(rows)}")
    found = {"python": platform.python_version(), "tables": figures}
    target = Path(script).with_suffix(".json")
    target.write_text(json.dumps(found, indent=2, default=str) + "\n")
    print(f"\nwritten: {target}")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if value else "0"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value)
