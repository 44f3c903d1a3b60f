"""What a report says, before it is a page."""

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from hum_async.bulk.report_page.figures import ReportFigures
from hum_async.bulk.result_schema import ServiceLevel

if TYPE_CHECKING:
    from markupsafe import Markup


@attrs.frozen
class ReportSection:
    """A section that somebody else adds to a report.

    Attributes:
        anchor: Its id in the page: letters, digits and hyphens.
        title: Its heading.
        body: What stands below the heading: `markupsafe.Markup`, as a template of Jinja2 renders
            it; plain text is escaped. It holds neither scripts nor ``style`` attributes, which
            would be blocked. The classes of assets/report.css are there for it.
        style: Its own rules of CSS.
    """

    anchor: str
    title: str
    body: "Markup | str"
    style: str = ""


@attrs.frozen(kw_only=True)
class ReportContent:
    """What a report says.

    Attributes:
        title: Its title.
        source: Name of the file that it shows; None if there is none.
        api: Which API answered; None if that is not known.
        made_at: When it is made.
        figures: The counts of all rows.
        levels: The levels of service; the fastest is the threshold of served, the slowest that of
            unserved.
        has_offers: Whether it is known which provider offers which speed.
        missing: What the results do not tell; None if they are whole.
        sections: Further sections.
    """

    title: str
    source: str | None
    api: str | None
    made_at: datetime
    figures: ReportFigures
    levels: tuple[ServiceLevel, ...]
    has_offers: bool
    missing: str | None
    sections: tuple[ReportSection, ...] = ()

    @property
    def is_simulated(self) -> bool:
        """Whether a simulator answered."""
        return self.api is not None and "simulated" in self.api
