"""What a contributor can run by one name: ``nox --list`` shows the sessions."""

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "typing", "tests-3.11"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_external_run = True

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
OLDEST = PYTHONS[0]
BENCHMARKS = ["limits", "bulk", "scale", "cpu", "contention", "import", "one_key", "shared_ledger"]
"""Those that take ``--quick``, as in `.ci/run`."""


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests; arguments after ``--`` go to pytest."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", *session.posargs)


@nox.session(venv_backend="none")
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest versions that pyproject.toml allows (needs bash)."""
    session.run("bash", ".ci/lowest", *session.posargs, external=True)


@nox.session(venv_backend="none")
def engines(session: nox.Session) -> None:
    """Run the recipes for Ray, Dask and Spark with the engines (needs bash)."""
    session.run("bash", ".ci/engines", *session.posargs, external=True)


@nox.session(venv_backend="none")
def contract(session: nox.Session) -> None:
    """Let Prism judge client and simulator by docs/openapi.yaml (needs bash, and .venv)."""
    session.run("bash", ".ci/contract", *session.posargs, external=True)


@nox.session(python=OLDEST)
def site(session: nox.Session) -> None:
    """Build the site of the documentation, and the man page."""
    session.install("-e", ".[docs]")
    for builder, folder in (("html", "site"), ("man", "site/man")):
        session.run("sphinx-build", "-q", "-W", "--keep-going", "-b", builder, "docs", folder)
    session.run("python", "tools/check_site.py", "site")


@nox.session(python=OLDEST)
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=OLDEST)
def typing(session: nox.Session) -> None:
    """Check types with mypy and pyright, those of the documentation too."""
    session.install("-e", ".[dev]")
    session.run("mypy")
    session.run("mypy", "--strict", "tests/typing/api.py")
    session.run("pyright", "--pythonpath", f"{session.bin}/python")
    session.run("python", "tests/documented.py")


@nox.session(python=OLDEST)
def coverage(session: nox.Session) -> None:
    """Run the tests and measure branches, those of child processes included; at least 95 %."""
    session.install("-e", ".[test]")
    gate = ["--cov", "--cov-report=term", "--cov-report=html", "--cov-fail-under=95"]
    session.run("python", "-m", "pytest", "-q", *gate, *session.posargs)


@nox.session(python=OLDEST)
def mutants(session: nox.Session) -> None:
    """Break important lines one by one, and check that some test notices each."""
    session.install("-e", ".[test]")
    session.run("python", "tests/mutants.py", *session.posargs)


@nox.session(python=OLDEST)
def benchmarks(session: nox.Session) -> None:
    """Check that the benchmarks run; their figures need the full sizes."""
    session.install("-e", ".[test,bench]")
    for name in BENCHMARKS:
        session.run("python", f"benchmarks/bench_{name}.py", "--quick")
