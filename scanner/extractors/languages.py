"""What a text is written in, by its ending: how comments look there, and whether a backslash escapes in its strings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """How comments are marked, and whether strings undo backslashes.

    ``anywhere`` are marks that begin a comment at the start of a line and behind a blank; ``at_start`` only as the
    first thing of a line; ``blocks`` are pairs of marks around several lines.
    """

    id: str
    anywhere: tuple[str, ...] = ()
    at_start: tuple[str, ...] = ()
    blocks: tuple[tuple[str, str], ...] = ()
    escapes: bool = False
    markup: bool = False


_C = (("/*", "*/"),)
_XML = (("<!--", "-->"),)
PROSE = Language("prose", blocks=_XML)
UNKNOWN = Language("text", anywhere=("#",), at_start=("//", "--", ";", "rem ", "::", "'"), blocks=(*_C, *_XML))
SHELL = Language("shell", anywhere=("#",))
BATCH = Language("batch", at_start=("rem ", "::", "@rem ", "rem\t"))
POWERSHELL = Language("powershell", anywhere=("#",), blocks=(("<#", "#>"),))
BASIC = Language("basic", anywhere=("'",), at_start=("rem ",))
SQL = Language("sql", anywhere=("--",), at_start=("rem ",), blocks=_C)
PYTHON = Language("python", anywhere=("#",), escapes=True)
SLASHES = Language("slashes", anywhere=("//",), blocks=_C, escapes=True)
PHP = Language("php", anywhere=("//", "#"), blocks=_C, escapes=True)
HASHES = Language("hashes", anywhere=("#",), escapes=True)
SETTINGS = Language("settings", anywhere=("#",), at_start=(";", "//", "!"))
MARKUP = Language("markup", blocks=_XML, markup=True)
JSON = Language("json", at_start=("//",), escapes=True)

_ENDINGS: dict[str, Language] = {
    **dict.fromkeys(("txt", "md", "rst", "log", "csv", "tsv", "adoc", "asciidoc", "text", "eml", "org", "out"), PROSE),
    **dict.fromkeys(("sh", "bash", "ksh", "csh", "zsh", "tcsh", "awk", "sed", "fish"), SHELL),
    **dict.fromkeys(("bat", "cmd", "nt", "btm"), BATCH),
    **dict.fromkeys(("ps1", "psm1", "psd1"), POWERSHELL),
    **dict.fromkeys(("vb", "vbs", "bas", "frm", "cls", "vba", "asp", "wsf", "wsc", "hta"), BASIC),
    **dict.fromkeys(("sql", "ddl", "pks", "pkb", "prc", "tsql", "hql", "pls", "plsql", "fnc", "trg"), SQL),
    **dict.fromkeys(("py", "pyw", "ipynb"), PYTHON),
    **dict.fromkeys(
        ("java", "js", "jsx", "ts", "tsx", "mjs", "cs", "csx", "go", "c", "h", "cpp", "cc", "hpp", "scala", "kt",
         "groovy", "gradle", "swift", "rs", "dart", "pas", "dpr", "jsp", "as", "sas"), SLASHES),
    "php": PHP, "php3": PHP, "phtml": PHP, "inc": PHP,
    **dict.fromkeys(("pl", "pm", "rb", "r", "tcl", "jl", "ex", "exs", "cgi", "t"), HASHES),
    **dict.fromkeys(("ini", "cfg", "conf", "cnf", "properties", "props", "env", "toml", "yml", "yaml", "config",
                     "service", "mount", "tf", "tfvars", "hcl", "reg", "inf", "url", "rdp", "kix"), SETTINGS),
    **dict.fromkeys(("xml", "html", "htm", "xhtml", "xsl", "xslt", "xsd", "wsdl", "aspx", "ascx", "cshtml", "svg",
                     "mxml", "jspx", "resx", "settings", "csproj", "vbproj", "sqlproj", "item", "ktr", "kjb"), MARKUP),
    **dict.fromkeys(("json", "json5", "jsonc", "tfstate", "avsc"), JSON),
}  # fmt: skip


def language(path: str) -> Language:
    """What a file of this path is written in, going by its ending."""
    name = path.rpartition("/")[2].lower()
    stem, dot, last = name.rpartition(".")
    return _ENDINGS.get(last, UNKNOWN) if dot and stem else UNKNOWN
