"""The option for the caller's own label of what is bought."""

from typing import Annotated

from cyclopts import Parameter

from hum_async._api.campaigns import checked_campaign_id
from hum_async.errors import ConfigurationError


def _can_be_sent(_: object, value: str | None) -> None:
    try:
        checked_campaign_id(value)
    except ConfigurationError as exc:
        raise ValueError(str(exc)) from None


CampaignId = Annotated[str, Parameter(validator=_can_be_sent, metavar="LABEL")]
"""A campaign_id that the API takes."""
