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
    "exclude-members": "__new__",  # that of enumerations says nothing
}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
default_role = "py:obj"
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
