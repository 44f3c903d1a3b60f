"""`docs/openapi.yaml`, read once for all tests."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

DOCUMENT = Path(__file__).parent.parent / "docs" / "openapi.yaml"


@functools.cache
def read() -> dict[str, Any]:
    """Return the document, which nobody may change."""
    # libyaml takes a tenth of the time, where it is there.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: dict[str, Any] = yaml.load(DOCUMENT.read_text(encoding="utf-8"), loader)  # noqa: S506
    return content
