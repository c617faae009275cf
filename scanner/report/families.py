"""File name extensions grouped into the families an architect plans by."""

from __future__ import annotations

FAMILIES: dict[str, tuple[str, ...]] = {
    "Documents": ("doc", "docx", "docm", "dot", "dotx", "odt", "rtf", "pdf", "wpd", "pages", "md", "tex"),
    "Spreadsheets": ("xls", "xlsx", "xlsm", "xlsb", "xlt", "xltx", "ods", "numbers"),
    "Presentations": ("ppt", "pptx", "pptm", "pps", "ppsx", "odp", "key"),
    "Images and drawings": (
        "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "svg", "psd", "ai", "eps", "raw", "heic", "webp", "dwg",
        "dxf",         "vsd", "vsdx", "ico",
    ),
    "Audio and video": ("mp3", "wav", "flac", "ogg", "m4a", "mp4", "avi", "mov", "mkv", "wmv", "mpg", "mpeg", "webm"),
    "Mail": ("pst", "ost", "msg", "eml", "mbox", "nsf"),
    "Archives": ("zip", "7z", "rar", "tar", "gz", "tgz", "bz2", "xz", "zst", "cab", "iso", "z"),
    "Database files": (
        "mdb", "accdb", "sqlite", "sqlite3", "db", "db3", "fdb", "gdb", "dbf", "mdf", "ldf", "ndf", "frm", "ibd",
        "duckdb",
    ),
    "Backups and dumps": ("bak", "dmp", "dump", "bkf", "vbk", "old", "backup", "trn"),
    "Data files": ("csv", "tsv", "json", "ndjson", "xml", "parquet", "avro", "orc", "dat", "txt", "sav", "rdata"),
    "Code and scripts": (
        "py", "pyc", "pyi", "js", "mjs", "ts", "java", "class", "jar", "c", "h", "cpp", "hpp", "cs", "vb", "vbs", "ps1",
        "psm1", "bat",         "cmd", "sh", "pl", "pm", "rb", "go", "rs", "php", "sql", "r", "ipynb", "bas",
    ),
    "Web pages": ("html", "htm", "css", "asp", "aspx", "jsp", "mht"),
    "Configuration": ("ini", "cfg", "conf", "config", "toml", "yaml", "yml", "properties", "reg", "udl", "dsn", "env"),
    "Logs": ("log", "evt", "evtx", "trc"),
    "Programs": ("exe", "dll", "so", "msi", "sys", "bin", "o", "a", "lib", "deb", "rpm", "whl"),
}  # fmt: skip
