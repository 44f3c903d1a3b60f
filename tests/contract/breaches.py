"""Which tests break the contract on purpose, and which cannot run through Prism, and why."""

from __future__ import annotations

from enum import StrEnum


class Breach(StrEnum):
    """What a test does that `docs/openapi.yaml` has not; the value is where Prism finds it."""

    FOREIGN_REQUEST = "request"
    """It sends what no client of ours sends, to see the simulator refuse it."""
    FAULTY_ANSWER = "response"
    """It lets the simulator answer as an API that fails."""


_HANDLERS = "tests/simulator/test_simulator_handlers.py::"
_FAULTS = "tests/simulator/test_simulator_faults.py::"
_LOG = "tests/simulator/test_simulator_request_log.py::"
_THREADS = "tests/simulator/test_simulator_threads.py::"
_EVERY_FAULT = (
    "tests/bulk/test_bulk_sending_again.py"
    "::test_with_every_fault_at_once_no_row_is_lost_and_nothing_is_bought_twice"
)
_UNKNOWN = f"{_HANDLERS}test_what_does_not_exist_is_404_in_the_envelope"
_METHOD = f"{_HANDLERS}test_another_method_of_an_endpoint_is_405_with_those_it_has"

BREACHES = {
    f"{_UNKNOWN}[DELETE-/sessions/a%2Fb]": Breach.FOREIGN_REQUEST,
    f"{_UNKNOWN}[GET-/sessions/x/tv]": Breach.FOREIGN_REQUEST,
    _METHOD: Breach.FOREIGN_REQUEST,
    f"{_HANDLERS}test_a_post_that_cannot_be_used_creates_nothing": Breach.FOREIGN_REQUEST,
    f"{_HANDLERS}test_the_key_decides_who_may_ask[None-401]": Breach.FOREIGN_REQUEST,
    f"{_LOG}test_the_journal_has_every_request_in_order": Breach.FOREIGN_REQUEST,
    f"{_LOG}test_statuses_are_plain_numbers": Breach.FOREIGN_REQUEST,
    f"{_FAULTS}test_a_truncated_answer_is_complete_http_but_half_a_json": Breach.FAULTY_ANSWER,
    f"{_FAULTS}test_a_malformed_answer_is_a_page_with_status_200": Breach.FAULTY_ANSWER,
    f"{_FAULTS}test_a_wrong_type_is_still_json": Breach.FAULTY_ANSWER,
    f"{_FAULTS}test_an_immediate_answer_can_be_spoilt_too": Breach.FAULTY_ANSWER,
    f"{_FAULTS}test_a_request_time_out_has_no_effect": Breach.FAULTY_ANSWER,
    f"{_THREADS}test_its_methods_work_from_a_thread_without_a_loop": Breach.FAULTY_ANSWER,
    _EVERY_FAULT: Breach.FAULTY_ANSWER,
}
"""By test, with its parameters or without for all of them."""

LEFT_OUT = {
    "tests/simulator/test_simulator_http_app.py": (
        "clients leave as soon as they have asked, before Prism has passed on what they ask"
    ),
}
"""By the beginning of the name of a test, why it does not run."""


def breach_of(test: str) -> Breach | None:
    """Return what a test breaks on purpose, by its name."""
    return BREACHES.get(test) or BREACHES.get(test.partition("[")[0])
