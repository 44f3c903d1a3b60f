"""The one list of blocks of code that are not run, each with the reason.

What they are written in is checked all the same (`block_syntax`), and the types of Python
(`tests/documented.py`). A block that is neither run nor listed here fails a test.
"""

NOT_RUN = {
    # A text that the block contains, and no other: why it is not run.
    "Asked ----> Opened": "a drawing",
    "HumError\n+-- Conf": "a drawing, which tests/test_errors.py compares with the classes",
    "pip install -q -e '.[dev]'": "the steps of .ci/run, which installs and runs all of them",
    "pip install -q -e '.[test]'": "the command that .ci/run takes from this page",
    "npx openapi-typescript": "it downloads programs, and would run what they are on that day",
    "subprocess.run([*job": "tests/cli/test_cli_restarted.py runs this command, and kills it",
}

NOT_RUN_LANGUAGES = {
    "ini": "units of systemd: they are read, and so is each `hum` that they start",
    "json": "data: it is read, and so is each `hum` that it tells a program to start",
    "mermaid": "a drawing: Mermaid has drawn it, and test_site.py compares what it drew",
    "yaml": "settings of other programs: they are read, and so is each `hum` among them",
    "ts": "a browser's part: the compiler checks its types, in test_typescript_blocks.py",
}
"""Why the blocks of a language are not run, and what is checked instead."""
