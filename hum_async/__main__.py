"""``python -m hum_async`` is ``hum``."""

import sys

from hum_async.cli import main

sys.exit(main())
