"""What has changed as the rows of a table, and as JSON; docs/diff.md describes both."""

from collections.abc import Mapping
from typing import Any

from hum_async.bulk.diff.compare import AddressChange
from hum_async.bulk.diff.snapshot import Snapshot
from hum_async.bulk.diff.summary import DiffSide, DiffSummary
from hum_async.bulk.result_columns import utc_text
from hum_async.bulk.result_schema import GEOMETRY

DIFF_COLUMNS = (
    "hum_change",
    "hum_address",
    "hum_old_row",
    "hum_row",
    "hum_old_outcome",
    "hum_outcome",
    "hum_providers_gained",
    "hum_providers_lost",
    "hum_old_has_fiber",
    "hum_has_fiber",
    "hum_old_max_download_mbps",
    "hum_max_download_mbps",
    "hum_old_max_upload_mbps",
    "hum_max_upload_mbps",
    "hum_old_min_price_cents",
    "hum_min_price_cents",
    "hum_old_data_set",
    "hum_data_set",
    "hum_old_observed_at",
    "hum_observed_at",
    "hum_latitude",
    "hum_longitude",
)
"""The columns of a table of changes, in order."""


def change_values(change: AddressChange) -> dict[str, Any]:
    """Return the row of an address, by column, with its point as `GEOMETRY`."""
    old, new = change.old, change.new
    point = (new and new.point) or (old and old.point) or None
    return {
        "hum_change": [str(kind) for kind in change.kinds],
        "hum_address": change.label,
        "hum_providers_gained": [*change.gained],
        "hum_providers_lost": [*change.lost],
        "hum_latitude": point and point[1],
        "hum_longitude": point and point[0],
        GEOMETRY: point,
        **_side_columns("hum_old_", old),
        **_side_columns("hum_", new),
    }


def _side_columns(prefix: str, side: Snapshot | None) -> dict[str, Any]:
    if side is None:
        return {}
    return {
        f"{prefix}row": side.row,
        f"{prefix}outcome": str(side.outcome),
        f"{prefix}has_fiber": side.fiber,
        f"{prefix}max_download_mbps": side.download,
        f"{prefix}max_upload_mbps": side.upload,
        f"{prefix}min_price_cents": side.price_cents,
        f"{prefix}data_set": side.data_set,
        f"{prefix}observed_at": side.observed_at,
    }


def change_json(change: AddressChange) -> dict[str, Any]:
    """Return what has changed at an address as JSON has it."""
    return {
        "change": [str(kind) for kind in change.kinds],
        "address": change.label,
        "providers_gained": [*change.gained],
        "providers_lost": [*change.lost],
        "old": _snapshot_json(change.old),
        "new": _snapshot_json(change.new),
    }


def _snapshot_json(side: Snapshot | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "row": side.row,
        "outcome": str(side.outcome),
        "providers": [*side.providers],
        "has_fiber": side.fiber,
        "max_download_mbps": side.download,
        "max_upload_mbps": side.upload,
        "min_price_cents": side.price_cents,
        "data_set": side.data_set,
        "observed_at": utc_text(side.observed_at),
    }


def summary_json(summary: DiffSummary) -> dict[str, Any]:
    """Return the counts of a comparison as JSON has them."""
    return {
        "old": _side_json(summary.old),
        "new": _side_json(summary.new),
        "both": summary.both,
        "unchanged": summary.unchanged,
        "carried": summary.carried,
        "changed": summary.changed,
        "not_comparable": summary.not_comparable,
        "kinds": _texts(summary.kinds),
        "gained": dict(summary.gained),
        "lost": dict(summary.lost),
        "outcomes": [
            {"old": str(old), "new": str(new), "addresses": count}
            for (old, new), count in summary.outcomes.items()
        ],
    }


def _side_json(side: DiffSide) -> dict[str, Any]:
    return {
        "name": side.name,
        "addresses": side.addresses,
        "repeated": side.repeated,
        "unusable": side.unusable,
        "outcomes": _texts(side.outcomes),
        "observed_at": {"first": utc_text(side.first), "last": utc_text(side.last)},
    }


def _texts(counts: Mapping[Any, int]) -> dict[str, int]:
    return {str(name): count for name, count in counts.items()}
