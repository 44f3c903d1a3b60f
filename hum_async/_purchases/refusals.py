"""Why a store refuses the claim that precedes a POST."""


class ClaimRefused(Exception):
    """A POST must not be sent, and was not recorded. Never leaves this library."""


class Taken(ClaimRefused):
    """Another process buys the address, or has bought it: the store knows of it."""


class BoundReached(ClaimRefused):
    """All processes together have bought as many sessions as they may."""
