"""Files that are a connection: of Office, of OLE DB, of Tableau and of Qlik."""

from __future__ import annotations

from scanner.extractor import Extractor
from scanner.extractors.connections import office, qlik, tableau

EXTRACTORS: tuple[Extractor, ...] = (
    Extractor("odc", "Office data connections", office.quote_odc, endings=frozenset({"odc"}), most=8 << 20),
    Extractor("udl", "OLE DB data links", office.quote_udl, endings=frozenset({"udl"}), most=1 << 20),
    Extractor(
        "office-query", "Web, ODBC, OLE DB and OLAP queries of Excel", office.quote_query,
        endings=frozenset({"iqy", "dqy", "oqy", "rqy"}), most=4 << 20,
    ),
    Extractor(
        "tableau", "Tableau workbooks and data sources", tableau.quote,
        endings=frozenset({"twb", "tds"}), most=64 << 20,
    ),
    Extractor(
        "tableau-packed", "Tableau workbooks and data sources, packed", tableau.quote_packed,
        endings=frozenset({"twbx", "tdsx"}), most=256 << 20, whole=True,
    ),
    Extractor("qlik", "Qlik load scripts", qlik.quote, endings=frozenset({"qvs"}), most=16 << 20),
)  # fmt: skip
