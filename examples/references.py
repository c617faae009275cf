"""What in the sample estate refers to what: a package, configurations, a workbook, an Access front end, cron scripts.

They tie the share, the SFTP drop and the databases together, and name stores that the estate file does not.
"""

from __future__ import annotations

import lzma
import zipfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

from scanner.testing.linked import link

HERE = Path(__file__).parent
CANARY = "Heron-4417-canary"
"""The password in all of these files: it must appear in nothing that Stocktake writes."""
HOST = "127.0.0.1"
"""Where all servers of the sample listen; the ledger's, which nobody scans, has names that a list of hosts explains."""
_ACCESS = HERE.parent / "tests" / "data" / "access" / "indexTestV2003.mdb.xz"
_CONNECTIONS = "xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'"


def on_share(share: Path, values: dict[str, str]) -> None:
    """Put the files that a department keeps on its share, with the servers' ports filled in."""
    _plant(HERE / "files", share, values)
    _workbook(share / "Finance" / "2025" / "Budget monitor.xlsx", values)
    _front_end(share / "Housing" / "repairs" / "Repairs front end.mdb", values)


def on_drop(folder: Path, values: dict[str, str]) -> None:
    """Put the partner feeds' cron table and script on the SFTP host."""
    _plant(HERE / "files-sftp", folder, values)


def values_of(pg_port: int, maria_port: int, sftp_path: Path) -> dict[str, str]:
    """What stands for the words in braces."""
    return {
        "CANARY": CANARY, "CASES_HOST": HOST, "STAFF_HOST": HOST, "SMB_HOST": HOST,
        "PG_PORT": str(pg_port), "MARIA_PORT": str(maria_port), "SFTP_PATH": str(sftp_path),
    }  # fmt: skip


def filled(text: str, values: dict[str, str]) -> str:
    """The text with the words in braces replaced; other braces stay."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _plant(ready: Path, target: Path, values: dict[str, str]) -> None:
    for file in sorted(p for p in ready.rglob("*") if p.is_file()):
        place = target / file.relative_to(ready)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(filled(file.read_text(encoding="utf-8"), values), encoding="utf-8")


def _workbook(file: Path, values: dict[str, str]) -> None:
    """A workbook with two data connections and a link to another workbook (ECMA-376, parts of SpreadsheetML)."""
    cases = filled(
        "DRIVER={PostgreSQL Unicode};SERVER={CASES_HOST};PORT={PG_PORT};DATABASE=cases;UID=budget;PWD={CANARY}", values
    )
    ledger = r"Provider=SQLOLEDB.1;Data Source=10.20.0.14\PROD;Initial Catalog=GeneralLedger;Integrated Security=SSPI"
    query = "SELECT number, name, total FROM finance.unpaid"
    parts = {
        "[Content_Types].xml": "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>",
        "xl/workbook.xml": f"<workbook {_CONNECTIONS}><sheets/></workbook>",
        "xl/connections.xml": f"""<connections {_CONNECTIONS}>
<connection id="1" name="Unpaid invoices" type="1"><dbPr connection={quoteattr(cases)} command="{query}"/></connection>
<connection id="2" name="Ledger" type="5"><dbPr connection={quoteattr(ledger)} command="dbo.Balance" commandType="3"/>
</connection></connections>""",
        "xl/externalLinks/externalLink1.xml": f"<externalLink {_CONNECTIONS}/>",
        "xl/externalLinks/_rels/externalLink1.xml.rels": (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="rId1" TargetMode="External" Target="file:///\\\\127.0.0.1\\records\\Finance\\2012\\rates.xls"'
            ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath"/>'
            "</Relationships>"
        ),
    }  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 6, 2, 9, 0, 0)), content)


def _front_end(file: Path, values: dict[str, str]) -> None:
    """An Access front end whose tables lie elsewhere (its own tables: see tests/data/access/README.md)."""
    staff = filled(
        "ODBC;DRIVER={MariaDB Unicode};SERVER={STAFF_HOST};PORT={MARIA_PORT};DATABASE=hr;UID=repairs;PWD={CANARY}",
        values,
    )
    tables = (
        {"kind": 4, "name": "employee", "foreign": "employee", "connect": staff},
        {"kind": 6, "name": "tenants", "foreign": "tenants", "database": r"\\FILESRV07\housing$\tenants.mdb"},
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(link(lzma.decompress(_ACCESS.read_bytes()), *tables))
