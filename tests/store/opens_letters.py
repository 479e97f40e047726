"""A process of its own that opens letters one after the other, made to be killed: says each number that it was given.

    python -m tests.store.opens_letters <number> <letter date> ...

The database stands in DATABASE_URL, with the rest of the store's settings.
"""

import asyncio
import sys
from datetime import date

from sqlalchemy.exc import DBAPIError

from store.database import Database
from store.records import Records
from store.settings import StoreSettings
from tests.store.builders import an_opening


async def main(arguments: list[str]) -> None:
    database = Database.from_settings(StoreSettings())
    records = Records(database)
    for number, day in zip(arguments[::2], arguments[1::2], strict=True):
        opening = an_opening(number, letter_date=date.fromisoformat(day))
        while True:
            try:
                letter = await records.open_letter(opening)
            except DBAPIError:
                continue
            print(letter.number_text, flush=True)
            break
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
