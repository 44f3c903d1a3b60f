"""Look-ups over a WebSocket: ``HUM_API_KEY=... uvicorn --app-dir examples websocket:app``.

The browser sends an address as JSON; it gets ``{"event": "started", ...}`` and then the events of
all that it has asked for: ``{"id": ..., "event": "change", "data": {...}}``. (``pip install
websockets``, which uvicorn needs for this.)
"""

import asyncio
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect

from hum_async.errors import AddressError, HubError
from hum_async.web import EventStream, SessionHub, encode_json
from hum_async.web.http import address_from_json
from hum_async.web.page_guard import PageGuard
from hum_async.web.starlette import get_hub, hub_lifespan

app = FastAPI(lifespan=hub_lifespan())
# Browsers let a page of any site open a WebSocket: without this each of them could spend money.
app.add_middleware(PageGuard)


@app.websocket("/ws")
async def live(socket: WebSocket, hub: Annotated[SessionHub, Depends(get_hub)]) -> None:
    async def tell(stream: EventStream) -> None:
        async for event in stream:
            await socket.send_text(encode_json(event))

    await socket.accept()
    try:
        async with asyncio.TaskGroup() as tasks:
            while True:
                text = await socket.receive_text()
                try:
                    lookup_id = hub.lookup(address_from_json(text.encode(), "application/json"))
                    stream = hub.subscribe(lookup_id)
                except (HubError, AddressError) as error:
                    await socket.send_json({"event": "refused", "data": {"error": str(error)}})
                    continue
                await socket.send_json({"event": "started", "data": {"lookup": lookup_id}})
                tasks.create_task(tell(stream))
    except* (WebSocketDisconnect, KeyError):
        pass  # the browser left, or sent what is no text
