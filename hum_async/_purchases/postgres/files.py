"""What a job in a database notes of its outputs: their contents and their manifest."""

from typing import Any

from hum_async._purchases.postgres.connection import Connection
from hum_async._purchases.postgres.job import set_setting
from hum_async._purchases.postgres.reader import PostgresReader


class PostgresFiles(PostgresReader):
    """Reads the purchases of one job, and notes what its outputs hold."""

    def set(self, name: str, value: Any) -> None:
        """Set the value of a setting."""
        if isinstance(value, bytes):
            # The name of a file that is not UTF-8, which is none on another machine.
            value = None

        async def note(connection: Connection) -> None:
            await set_setting(connection, self._job, name, value)

        self._calls.run(note)
