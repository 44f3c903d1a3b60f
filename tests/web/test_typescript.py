"""The TypeScript types in the documentation are those of what is sent."""

import os
from pathlib import Path

from typescript import document

from hum_async.web import EventKind

TYPES = Path(__file__).parent.parent.parent / "docs" / "events.d.ts"
UPDATE = bool(os.environ.get("HUM_UPDATE_GOLDEN"))


def test_the_types_in_the_documentation_are_up_to_date() -> None:
    if UPDATE:
        TYPES.write_text(document(), encoding="utf-8")
    assert TYPES.read_text(encoding="utf-8") == document()


def test_every_event_has_a_type_of_its_own() -> None:
    text = document()
    for kind in EventKind:
        assert f"  {kind}: {kind.capitalize()}Event;" in text
        assert f"export interface {kind.capitalize()}Event {{" in text
    assert "  providers: PublicProvider[];" in text
    assert "  service_address: PublicServiceAddress | null;" in text
    assert '  | "SERVED"' in text
