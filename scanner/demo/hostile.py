"""Names that real shares hold and that break tools: each is a file of its own."""

from __future__ import annotations

import os
from pathlib import Path

NAMES: tuple[bytes, ...] = (
    b"caf\xe9 receipts.txt",  # Latin-1 from before the server spoke UTF-8
    b"\xff\xfe broken.doc",
    "Café.txt".encode(),
    "Cafe\u0301.txt".encode(),  # the same name to a person, another to the file system
    b"README.txt",
    b"readme.TXT",
    b"CON.txt",
    b"aux",
    b"what?.doc",
    b"9:30 meeting.txt",
    b'the "final" version.docx',
    b"pipe|dream.txt",
    b"star*.xls",
    b"less<more>.csv",
    b"trailing dot.",
    b"trailing space ",
    b" leading space.txt",
    b"~$budget.docx",
    b"=cmd|' -C calc'!A0.csv",
    b"<img src=x onerror=alert(1)>.html",
    b"line\nbreak.txt",
    b"\x1b[31mred\x1b[0m.log",
    "invoice\u202egpj.exe".encode(),  # reads as invoiceexe.jpg
    b"back\\slash.txt",
    b"100%.txt",
    b"#hash & ampersand+plus.txt",
    "Übersicht 📎 überarbeitet.xlsx".encode(),
    "年度報告.pdf".encode(),
    b"-rf",
    b".lock",
    b"desktop.ini",
    b"_vti_cnf.htm",
    b"thumbs.db",
    b"x" * 250 + b".txt",
    b"empty.txt",
)


def plant(folder: Path) -> None:
    """Make one small file for each name, an empty folder, and a path deeper than most targets take."""
    folder.mkdir(parents=True)
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in NAMES:
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=at)
            try:
                if name != b"empty.txt":
                    os.write(fd, b"Kept for the record.\n")
            finally:
                os.close(fd)
    finally:
        os.close(at)
    (folder / "nothing in here").mkdir()
    deep = folder
    for step in (
        "Correspondence with the ombudsman",
        "2009 complaint about the northern relief road",
        "Evidence bundle",
    ):
        deep /= step
    for number in range(6):
        deep /= f"Appendix {number} - supporting documents, plans and photographs"
    deep.mkdir(parents=True)
    (deep / "Photograph of the junction taken from the footbridge looking north.jpg").write_bytes(b"\xff\xd8\xff\xe0")
