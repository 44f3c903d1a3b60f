"""What each error status says of a request: did it take effect, and can sending it again help?

hum-api 2 and 4 name 400, 401, 403, 404, 410, 422, 429 and 5xx. Every other status comes from a
server or proxy on the way. Their meanings are those of RFC 9110 (HTTP), RFC 8470 (425), RFC 6585
(428, 431, 511) and of the load balancers that made them up (440, 460, 494 to 499).
"""

from enum import Enum, auto
from http import HTTPStatus


class PostEffect(Enum):
    """What an error status says of a POST."""

    NOT_TAKEN = auto()
    """It was certainly not processed, and the same POST may be sent again."""
    REFUSED_ADDRESS = auto()
    """It was refused because of its address, and created nothing."""
    REFUSED_CLIENT = auto()
    """It was refused whatever its address: every other POST would meet the same answer."""
    UNCERTAIN = auto()
    """It may have been processed."""


_REFUSED_ADDRESS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})

_NOT_TAKEN = frozenset(
    {
        HTTPStatus.MISDIRECTED_REQUEST,  # RFC 9110 15.5.20: the server does not answer for this URI
        HTTPStatus.TOO_EARLY,  # RFC 8470 5.2: unwilling to risk processing it
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)

_REFUSED_CLIENT = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.GONE,
        HTTPStatus.LENGTH_REQUIRED,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.REQUEST_URI_TOO_LONG,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        HTTPStatus.EXPECTATION_FAILED,
        HTTPStatus.IM_A_TEAPOT,
        HTTPStatus.UPGRADE_REQUIRED,
        HTTPStatus.PRECONDITION_REQUIRED,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
        494,  # nginx: the header is too large
        495,  # nginx: the client's certificate is wrong
        496,  # nginx: the client's certificate is missing
        497,  # nginx: plain HTTP at an HTTPS port
        HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED,  # RFC 6585 6: a captive portal's answer
    }
)

_LASTING = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
)

_ADVICE = {
    HTTPStatus.PAYMENT_REQUIRED: "check the plan and the payments of the account",
    HTTPStatus.GONE: "check the base URL",
    HTTPStatus.NOT_FOUND: "check the base URL",
    HTTPStatus.METHOD_NOT_ALLOWED: "check the base URL",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: "give the proxy's user and password",
    HTTPStatus.UPGRADE_REQUIRED: "look for a newer hum_async",
    497: "check the base URL: it needs https://",
    HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED: "log in to this network first",
}


MAY_BE_BOUGHT = (
    "a session may have been bought, and asking again may buy a second one: --retry-uncertain, or "
    "retry={Outcome.UNCERTAIN}"
)
"""What to do about a POST of which nobody knows whether it took effect."""


def post_effect(status: int) -> PostEffect:
    """Return what an error status says of a POST to /sessions.

    A redirect is a refusal: the API documents none, and none is followed. 408 comes also after
    the body was read, 409 and 499 after the request was processed, and nobody knows when an unknown
    4xx comes: they are uncertain, like a 5xx.
    """
    if status in _NOT_TAKEN:
        return PostEffect.NOT_TAKEN
    if status in _REFUSED_ADDRESS:
        return PostEffect.REFUSED_ADDRESS
    if status in _REFUSED_CLIENT or is_redirect(status):
        return PostEffect.REFUSED_CLIENT
    return PostEffect.UNCERTAIN


def may_pass(status: int) -> bool:
    """Return whether the same GET or DELETE may be answered otherwise later.

    True for all but 401, 403, 404 and 410, which hum-api 4 names: every other 4xx (408, 425, those
    of proxies) and every redirect says nothing of the session, and the session has been paid for.
    """
    return status not in _LASTING


def is_redirect(status: int) -> bool:
    """Return whether the status is a redirect."""
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST


def advice(status: int) -> str:
    """Return what to do about an answer that refuses every POST."""
    if is_redirect(status):
        return "check the base URL: the API itself does not redirect"
    return _ADVICE.get(status, "check the base URL, and the plan of the account")


def advice_after_post(status: int) -> str | None:
    """Return what to do about an error to a POST to /sessions; None if the class of it says so."""
    match post_effect(status):
        case PostEffect.UNCERTAIN:
            return MAY_BE_BOUGHT
        case PostEffect.REFUSED_CLIENT:
            return advice(status)
        case PostEffect.NOT_TAKEN:
            return "nothing was bought; try again later"
        case PostEffect.REFUSED_ADDRESS:
            return None


def advice_after_other(status: int) -> str | None:
    """Return what to do about an error to another request; None if the class of it says so."""
    if is_redirect(status) or (status in _ADVICE and status not in _LASTING):
        return advice(status)
    if status in _REFUSED_CLIENT | _REFUSED_ADDRESS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    return "a server or proxy on the way sent this, and it may pass; try again later"
