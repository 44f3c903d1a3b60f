"""The types of blocks of Python are checked with all that they leave out."""

import documented


def test_names_that_a_short_block_leaves_out_are_given_to_it() -> None:
    module = documented.module_of("async for update in watcher.watch(tokens):\n    print(update)\n")
    assert module == (
        "from given import tokens\n"
        "from given import watcher\n"
        "async def block() -> None:\n"
        "    async for update in watcher.watch(tokens):\n"
        "        print(update)\n"
    )
