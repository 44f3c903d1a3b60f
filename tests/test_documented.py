"""Every Python block of the documentation is found and can be checked by `documented`."""

import documented
import pytest


def test_every_block_is_python_or_known_to_be_a_drawing() -> None:
    found = documented.blocks()
    assert len(found) >= 20
    for place, block in found.items():
        try:
            documented.module_of(block)
        except SyntaxError as error:
            pytest.fail(f"{place}: {error}")
    for drawing in documented.DRAWINGS:
        assert (documented.ROOT / drawing).exists()


def test_names_that_a_short_block_leaves_out_are_given_to_it() -> None:
    module = documented.module_of("async for update in watcher.watch(tokens):\n    print(update)\n")
    assert module == (
        "from given import tokens\n"
        "from given import watcher\n"
        "async def block() -> None:\n"
        "    async for update in watcher.watch(tokens):\n"
        "        print(update)\n"
    )
