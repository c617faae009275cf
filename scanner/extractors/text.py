"""The last resort: any text at all, for the locators that stand in it for everybody to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.extractor import Extractor, Mention, NotMine
from scanner.extractors.commands.script import is_script, script
from scanner.extractors.decode import binary, decode
from scanner.extractors.languages import language
from scanner.extractors.page import Page

TEXT_ENDINGS = frozenset((
    "txt", "text", "md", "rst", "log", "adoc", "org", "out", "xml", "xsl", "xslt", "wsdl", "html", "htm", "xhtml",
    "aspx", "ascx",
    "ashx", "cshtml", "vbhtml", "razor", "jsp", "jspx", "jspf", "asp", "asa", "cfm", "cfc", "json", "json5", "jsonc",
    "yml", "yaml",
    "toml", "ini", "inf", "cfg", "conf", "config", "cnf", "properties", "props", "settings", "env", "prefs", "reg",
    "list", "lst",
    "opt", "options", "template", "tmpl", "tpl", "sample", "example", "dist", "in", "j2", "erb", "mustache", "rc",
    "profile", "xaml",
    "csproj", "vbproj", "sqlproj", "dtproj", "rptproj", "sln", "targets", "pubxml", "wixproj", "nuspec", "gradle",
    "pom", "sbt", "make", "mk",
    "cmake", "c", "h", "cc", "cpp", "hpp", "pas", "dpr", "dfm", "cbl", "cob", "cpy", "jcl", "rpgle", "f", "f90",
    "for", "sas", "sps", "do", "ado",
    "r", "rmd", "m", "ps", "awk", "sed", "vim", "el", "lisp", "scm", "clj", "ex", "exs", "erl", "hs", "ml", "lua",
    "tcl", "expect",
    "srt", "abap", "prg", "fmt", "ctl", "par", "bcp", "hcl", "nomad", "jil", "bteq", "btq", "pig", "ftp", "winscp",
    "eml",
))  # fmt: skip
"""Endings behind which text stands that nobody else has a reader for."""

_NOT_TEXT = frozenset((
    "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "ico", "webp", "heic", "raw", "cr2", "nef", "psd", "ai",
    "eps", "svgz", "dwg", "dxf", "dgn",
    "mp3", "mp4", "m4a", "m4v", "wav", "wma", "wmv", "avi", "mov", "mkv", "mpg", "mpeg", "flac", "ogg", "webm",
    "flv", "aac",
    "zip", "gz", "tgz", "bz2", "xz", "7z", "rar", "tar", "cab", "iso", "img", "vhd", "vhdx", "vmdk", "msi", "msp",
    "deb", "rpm", "apk", "jar", "war", "ear",
    "exe", "dll", "sys", "ocx", "so", "dylib", "a", "lib", "o", "obj", "class", "pyc", "pyo", "pyd", "pdb", "wasm",
    "bin", "dat", "rom", "elf",
    "doc", "docx", "docm", "dot", "dotx", "xls", "xlsx", "xlsm", "xlsb", "xlt", "ppt", "pptx", "pptm", "pps", "pdf",
    "odt", "ods", "odp", "rtf",
    "pub", "vsd", "vsdx", "one", "pst", "ost", "msg", "mpp", "mdb", "accdb", "mdf", "ldf", "ndf", "bak", "trn",
    "dbf", "db", "sqlite", "sqlite3", "ibd",
    "frm", "myd", "myi", "fdb", "gdb", "nsf", "parquet", "orc", "avro", "feather", "pkl", "npy", "npz", "h5", "hdf5",
    "rds", "rdata", "sas7bdat", "sav", "dta",
    "ttf", "otf", "woff", "woff2", "eot", "chm", "hlp", "swf", "fla", "shp", "shx", "ecw", "sid", "gpkg", "las",
    "laz", "tex", "sty", "bib", "csv", "tsv",
    "p12", "pfx", "jks", "keystore", "pem", "crt", "cer", "der", "key", "gpg", "pgp", "asc", "sig", "md5", "sha1",
    "sha256", "lock", "map", "svg", "css",
    "mo", "po", "pot", "idx", "pack", "ics", "vcf", "mbox", "dmp", "dump", "cache", "tmp", "swp", "evtx", "etl",
    "qvd", "pbix", "rdb", "aof", "snap",
))  # fmt: skip
"""Endings behind which nothing is looked for: no text, or text that quotes nothing that is used."""


def text(path: str, content: bytes) -> Iterator[Mention]:
    """What stands in a text for everybody to see; a script without an ending is read as one."""
    if binary(content) or content.startswith((b"{\\rtf", b"%PDF", b"%!PS", b"-----BEGIN")):
        raise NotMine
    plain = decode(content)
    if is_script(plain):
        yield from script(plain, "script")
        return
    yield from Page(plain, language(path)).plain("text")


@dataclass(frozen=True, slots=True)
class _Remaining(Extractor):
    """Whatever has an unknown ending, or none: its content decides whether it is text."""

    def wants(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        stem, dot, last = name.rpartition(".")
        return not (dot and stem and last in _NOT_TEXT)


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor("text", "locators in any text", text, endings=TEXT_ENDINGS),
    _Remaining("text-unknown", "locators in what proves to be text", text, most=1 << 20),
)
