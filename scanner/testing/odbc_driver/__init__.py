"""An ODBC driver that crashes, hangs, leaks or lies on command: ``driver.c`` says how it is told to."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from importlib import resources
from pathlib import Path

from scanner.testing.servers import ServerUnavailable

_HEADERS = ("/usr/include/sql.h", "/usr/local/include/sql.h")


def build(folder: Path) -> Path:
    """Compile the driver into a folder, unless that version is there already; gives the path for ``DRIVER=``.

    Raises:
        ServerUnavailable: there is no C compiler, or the headers of ODBC are missing.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise ServerUnavailable("no C compiler: apt-get install gcc libc6-dev")
    if not any(Path(header).exists() for header in _HEADERS):
        raise ServerUnavailable("no headers of ODBC: apt-get install unixodbc-dev")
    source = resources.files(__package__).joinpath("driver.c").read_bytes()
    library = folder / f"libdouble-{hashlib.sha256(source).hexdigest()[:16]}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=folder) as place:
            code, made = Path(place) / "driver.c", Path(place) / "driver.so"
            code.write_bytes(source)
            words = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-o", str(made), str(code)]
            done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
            if done.returncode:
                raise ServerUnavailable(f"the driver did not compile: {done.stderr[-2000:]}")
            os.replace(made, library)  # noqa: PTH105 - in one step, whoever else may be building it
    return library


def connection(library: Path, **settings: object) -> str:
    """A connection string for it: ``connection(library, mode="crash", at="columns")``."""
    pairs = "".join(f";{key.upper()}={value}" for key, value in settings.items())
    return f"DRIVER={library}{pairs}"
