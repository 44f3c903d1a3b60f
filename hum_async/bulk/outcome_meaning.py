"""What an outcome means, and what to do about one that is no answer, in words for people."""

from hum_async.models import Outcome

MEANING = {
    Outcome.SERVED: "at least one provider serves the address",
    Outcome.NO_PROVIDERS: "the address was found; no provider was reported",
    Outcome.AMBIGUOUS_ADDRESS: "several addresses match: add the unit or the ZIP code",
    Outcome.ADDRESS_NOT_FOUND: "no such address is known",
    Outcome.INVALID_ADDRESS: "the row is not an address that can be asked for: see hum_error",
    Outcome.TIMED_OUT: "no answer in time: try again",
    Outcome.EXPIRED: "the session ended too early: try again",
    Outcome.UNCERTAIN: "a session may or may not have been bought: see hum_error",
    Outcome.FAILED: "no answer: see hum_error",
}

_AGAIN = "Run the same hum qualify command again with --retry-failed."
NEXT_STEP = {
    Outcome.AMBIGUOUS_ADDRESS: "Add the unit or the ZIP code to the row, and run the same hum "
    "qualify command again: only rows that changed are bought.",
    Outcome.ADDRESS_NOT_FOUND: "Check street, city and ZIP code of the row, and run the same hum "
    "qualify command again: only rows that changed are bought.",
    Outcome.INVALID_ADDRESS: "hum check FILE says which cells are wrong, and --corrected mends "
    "those where it is certain how. Then run the same hum qualify command again.",
    Outcome.TIMED_OUT: _AGAIN,
    Outcome.EXPIRED: _AGAIN,
    Outcome.UNCERTAIN: "Nothing is sent again by itself, because the session may be billed "
    "already. Run the same hum qualify command again with --retry-uncertain to buy it anew.",
    Outcome.FAILED: _AGAIN,
}
"""What to do about rows without an answer, by outcome."""
