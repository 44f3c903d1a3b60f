"""Makes docs/report.png, the picture of a report: of simulated results, in Chromium.

python tools/report_picture.py
"""

import asyncio
import tempfile
from pathlib import Path

from browser import page_of

from hum_async import Address, HumClient, qualify
from hum_async.bulk import write_report
from hum_async.simulator import Simulator

TARGET = Path(__file__).parent.parent / "docs" / "report.png"
STREETS = [
    *(f"{number} Washington Blvd" for number in range(100, 180)),
    *(f"{number} No Providers Ave" for number in range(5)),
    *(f"{number} Ambiguous Rd" for number in range(3)),
    "",
]


async def main() -> None:
    """Look addresses up, write the report, take its picture."""
    addresses = [Address(street, city="Detroit", state="MI", zip="48226") for street in STREETS]
    async with Simulator(speed=100) as simulator, HumClient("key", base_url=simulator.url) as hum:
        results = [result async for result in qualify(hum, addresses)]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        write_report(results, report, source="customers.results.csv", title="Washington Boulevard")
        async with page_of(1000, 1080) as page:
            await page.goto(report.as_uri())
            await page.screenshot(path=TARGET)


if __name__ == "__main__":
    asyncio.run(main())
