"""Makes the pictures of the documentation anew: all of them, or those that are named.

    python tools/pictures.py [PICTURE ...]

It needs the extra `test`, and Chromium for those of pages.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAKERS = {
    "docs/limits/clients.svg": "benchmarks/limit_plots.py clients docs/limits/clients.svg",
    "docs/limits/discovery.svg": "benchmarks/bench_limits.py --plot docs/limits/discovery.svg",
    "docs/limits/kinds.svg": "benchmarks/limit_plots.py kinds docs/limits/kinds.svg",
    "docs/limits/outage.svg": "benchmarks/limit_plots.py outage docs/limits/outage.svg",
    "docs/pictures/job.svg": "tools/job_screen.py",
    "docs/pictures/page.png": "tools/page_picture.py",
    "docs/report.png": "tools/report_picture.py",
}
"""What makes each picture."""


def main(named: list[str]) -> None:
    """Make them."""
    for picture in named or MAKERS:
        print(picture, flush=True)  # noqa: T201
        command = [sys.executable, *MAKERS[picture].split()]
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603  our own tools


if __name__ == "__main__":
    main(sys.argv[1:])
