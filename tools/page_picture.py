"""Takes the picture of the live page: `hum demo --web` with one look-up done, and one under way.

python tools/page_picture.py
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from browser import page_of

TARGET = Path(__file__).parent.parent / "docs" / "pictures" / "page.png"
DONE = "1420 Washington Blvd, Detroit, MI 48226"
UNDER_WAY = "100 Slow Pl, Detroit, MI 48226"
SIZE = (900, 690)


@asynccontextmanager
async def demo() -> AsyncIterator[str]:
    """Serve the page on a free port; yield its address."""
    command = ["-m", "hum_async", "demo", "--web", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None  # noqa: S101  it is asked for
    try:
        said = (await process.stdout.readline()).decode()
        yield re.search(r"http://\S+", said)[0]  # type: ignore[index]
    finally:
        process.terminate()
        await process.wait()


async def main() -> None:
    """Look two addresses up as a person does; take the picture."""
    async with demo() as url, page_of(*SIZE) as page:
        await page.goto(url)
        field = page.get_by_label("US address")
        for address in (DONE, UNDER_WAY):
            await field.fill(address)
            await field.press("Enter")
        card = page.locator(".lookup", has=page.get_by_role("heading", name=DONE, exact=True))
        await card.locator(".best .speed").wait_for()
        await page.screenshot(path=TARGET)


if __name__ == "__main__":
    asyncio.run(main())
