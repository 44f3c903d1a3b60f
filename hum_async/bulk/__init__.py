"""Qualification jobs: many addresses, from a file to a file."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hum_async.bulk.qualification import JobStatistics, QualificationStream, qualify

__all__ = ["JobStatistics", "QualificationStream", "qualify"]


# Imported when first used, so that `hum check`, which reads files and asks nobody, need not
# wait for aiohttp.
def __getattr__(name: str) -> Any:
    if name in __all__:
        from hum_async.bulk import qualification  # noqa: PLC0415

        return getattr(qualification, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
