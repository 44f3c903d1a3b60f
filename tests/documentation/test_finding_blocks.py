"""Blocks are found wherever and however they are written, with the line that they begin at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from block_shell import commands, hum_arguments, script_of
from block_syntax import check
from documented_blocks import blocks_of_page, blocks_of_source

PAGE = """\
# Title

```python
print(1)
```

1. A list:

   ~~~sh
   hum ping
   ~~~

````md
```python
inside = another
```
````

```{code-block} toml
:caption: hum.toml

rate = 20
```

```
what is it?
```

Or:

    and this?

> ```sh
> hum ping
> ```

<pre>or this</pre>

```{note}
Beware:

~~~json
{}
~~~
```

- [ ] no block:
      it goes on
"""
SOURCE = '''\
"""Do this::

    first()

Or that:

.. code-block:: sh

    hum ping
"""

LIMIT = 3
"""At most::

    second()
"""


class Thing:
    def method(self):
        """Say something.

        >>> 1 + 1
        2

        ::

            third()
        """
'''


def test_fenced_blocks_are_found() -> None:
    found = list(blocks_of_page(Path("page.md"), PAGE))
    assert [(block.line, block.language, block.text) for block in found] == [
        (4, "python", "print(1)\n"),
        (10, "sh", "hum ping\n"),
        (14, "md", "```python\ninside = another\n```\n"),
        (22, "toml", "rate = 20\n"),
        (26, "", "what is it?\n"),
        (31, "", "and this?\n"),
        (34, "sh", "hum ping\n"),
        (37, "", "<pre>or this</pre>\n"),
        (40, "{note}", "Beware:\n\n~~~json\n{}\n~~~\n"),
        (43, "json", "{}\n"),
    ]


@pytest.mark.parametrize("end", ["", "ls\n", "``\n"])
def test_a_block_without_an_end_is_an_error(end: str) -> None:
    with pytest.raises(ValueError, match="line 2: the block has no end"):
        list(blocks_of_page(Path("page.md"), f"one\n```sh\n{end}"))


def test_blocks_of_docstrings_are_found() -> None:
    found = list(blocks_of_source(Path("module.py"), SOURCE))
    assert [(block.line, block.language, block.text.strip()) for block in found] == [
        (3, "python", "first()"),
        (9, "sh", "hum ping"),
        (15, "python", "second()"),
        (28, "python", "third()"),
        (21, "pycon", "Say something.\n\n>>> 1 + 1\n2"),
    ]


def test_commands_are_found_in_scripts_and_behind_prompts() -> None:
    script = script_of(
        "console", "$ A=1 hum ping 2>&1 | grep up  # is it?\nup\n$ cd x && hum \\\nstatus j\n"
    )
    assert list(commands(script)) == [
        ["hum", "ping"],
        ["grep", "up"],
        ["cd", "x"],
        ["hum", "status", "j"],
    ]


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (".venv/bin/hum ping", ["ping"]),
        ("python3 -m hum_async ping", ["ping"]),
        ("watch hum status j", ["status", "j"]),
        ("python -m pytest", None),
        ("humble ping", None),
    ],
)
def test_what_runs_hum_is_known(command: str, arguments: list[str] | None) -> None:
    assert hum_arguments(command.split()) == arguments


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "print("),
        ("sh", "hum qualify in.csv --no-such-option\n"),
        ("sh", "if true\n"),
        ("sh", "# nothing\n"),
        ("console", "hum ping\n"),
        ("console", "$ hum qualifie in.csv\n"),
        ("json", '{"a": 1,}'),
        ("json", '{"a": [{"command": "hum", "args": ["mcp", "--max-session", "1"]}]}'),
        ("yaml", "a: [1"),
        ("yaml", 'command: ["hum", "qualify"]'),
        ("toml", "a = b"),
        ("ini", "[Service]\nExecStart=/usr/bin/hum qualify in.csv --outpt x\n"),
        ("dockerfile", "FORM python\n"),
        ("dockerfile", 'ENTRYPOINT ["hum", "simulat"]\n'),
        ("ts", 'import type { NoSuchType } from "./events";\n'),
        ("ts", "const a = { b: [1 };\n"),
        ("mermaid", "flowchrt TD\n a --> b\n"),
        ("mermaid", "flowchart TD\n a[x --> b\n"),
        ("nginx", "server {\n"),
        ("text", "anything"),
    ],
)
def test_what_is_wrong_in_a_block_is_noticed(language: str, text: str) -> None:
    with pytest.raises(Exception, match=re.compile("")):
        check(language, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "async with a as b:\n    pass\n"),
        ("sh", "nohup hum qualify in.csv -o out.csv --max-sessions 5 &\n"),
        ("yaml", "a: 1\n---\ncommand: [hum, ping]\n"),
        ("ini", "[Service]\nEnvironment=A=1\nEnvironment=B=2\nExecStart=/srv/bin/hum status %i\n"),
        ("dockerfile", 'FROM python:3.13\nRUN pip install \\\n  hum-async\nCMD ["hum", "ping"]\n'),
        ("mermaid", "stateDiagram-v2\n  [*] --> a: b (c)\n"),
    ],
)
def test_what_is_right_passes(language: str, text: str) -> None:
    check(language, text)
