"""How Sphinx builds the site: ``sphinx-build -W --keep-going docs site``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

from hum_async import __version__

project = "hum_async"
author = "The hum_async authors"
copyright = "the hum_async authors"  # noqa: A001  the name that Sphinx reads
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docstrings",
    "outside_links",
    "diagrams",
    "public_names",
    "reference_pages",
    "llms_txt",
]
exclude_patterns = ["_extensions"]

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
smartquotes = False  # a hyphen of an option stays one

autodoc_class_signature = "separated"
autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
    "exclude-members": "__new__, next_by",  # that of enumerations; for other streams of ours
}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
default_role = "py:obj"
nitpicky = True  # a name that leads nowhere is an error
nitpick_ignore_regex = [
    # What others explain: a site that needs no network has no links to them.
    ("py:.*", r"(_asyncio|abc|asyncio|collections|contextlib|datetime|decimal|enum|os|typing)\..*"),
    ("py:.*", r"(aiohttp|fastapi|litestar|opentelemetry|starlette|yarl)\..*|(markupsafe\.)?Markup"),
    ("py:.*", r"(.*\.)?(Key|Frame|)T(_co)?"),  # type variables
    ("py:class", r".*\._\w+"),  # what is only entered and left, as the method's base says
    # Keywords that the docstring of the function explains, and what is only iterated over.
    ("py:class", r".*\.((Qualify|FrameJob|Hub)Options|ShownProgress)"),
]
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"hum_async {version}"
html_show_sphinx = False

man_pages = [
    ("reference/commands", "hum", "look up which internet providers serve US addresses", author, 1)
]
