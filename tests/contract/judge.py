"""What Prism thinks of the exchanges of a client."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Self

import aiohttp
import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"

needs_prism = pytest.mark.skipif(
    not os.environ.get("PRISM"), reason="PRISM names no executable: .ci/contract installs Prism"
)


class Judge:
    """Sees every exchange of the clients that borrow `session`, which it opens and closes.

    Attributes:
        prefer: The header by which Prism chooses among the answers that the document describes.
        answers: How often each route was answered with each status, by the API or in its place.
        objections: What Prism says is not as the document has it, a sentence for each exchange.
    """

    def __init__(self) -> None:
        self.prefer = ""
        self.answers: Counter[tuple[str, int]] = Counter()
        self.objections: list[str] = []

    async def __aenter__(self) -> Self:
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._ask)
        trace.on_request_end.append(self._hear)
        self.session = aiohttp.ClientSession(trace_configs=[trace])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def _ask(self, *given: object) -> None:
        request = given[-1]
        assert isinstance(request, aiohttp.TraceRequestStartParams)
        if self.prefer:
            request.headers["Prefer"] = self.prefer

    async def _hear(self, *given: object) -> None:
        exchange = given[-1]
        assert isinstance(exchange, aiohttp.TraceRequestEndParams)
        answer = exchange.response
        path = re.sub("^/sessions/[^/]+", "/sessions/{token}", exchange.url.raw_path)
        route = f"{exchange.method} {path}"
        # Prism's own words are problems (RFC 9457); those of the API are not.
        violations = answer.headers.get("sl-violations")
        if violations or answer.content_type == "application/problem+json":
            self.objections.append(f"{route}: {answer.status} {violations or ''}")
        else:
            self.answers[route, answer.status] += 1
