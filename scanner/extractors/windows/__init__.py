"""What Windows keeps of places: batch files, PowerShell, scheduled tasks, shortcuts, mapped drives."""

from __future__ import annotations

from scanner.extractor import Extractor
from scanner.extractors.windows.batch import batch
from scanner.extractors.windows.kix import kix
from scanner.extractors.windows.powershell import powershell
from scanner.extractors.windows.preferences import preferences
from scanner.extractors.windows.shortcut import internet_shortcut, remote_desktop, shortcut
from scanner.extractors.windows.task import task
from scanner.extractors.windows.vbscript import vbscript

EXTRACTORS: tuple[Extractor, ...] = (
    Extractor("batch", "batch files", batch, endings=frozenset(("bat", "cmd", "btm", "nt"))),
    Extractor("powershell", "PowerShell scripts", powershell, endings=frozenset(("ps1", "psm1", "psd1", "ps1xml"))),
    Extractor(
        "vbscript",
        "Windows Script Host",
        vbscript,
        endings=frozenset(("vbs", "vbe", "wsf", "wsc", "hta", "bas", "cls", "vb", "vba")),
    ),
    Extractor("kix", "KiXtart logon scripts", kix, endings=frozenset(("kix", "kx", "scr"))),
    Extractor("windows-task", "scheduled tasks", task, endings=frozenset(("xml", "job")), patterns=("*/tasks/*",)),
    Extractor(
        "group-policy-preferences",
        "Group Policy preferences",
        preferences,
        names=frozenset(
            (
                "drives.xml",
                "files.xml",
                "folders.xml",
                "shortcuts.xml",
                "scheduledtasks.xml",
                "datasources.xml",
                "printers.xml",
                "networkshares.xml",
            )
        ),
    ),
    Extractor("shortcut", "shortcuts", shortcut, endings=frozenset(("lnk",)), most=1 << 20),
    Extractor("internet-shortcut", "internet shortcuts", internet_shortcut, endings=frozenset(("url", "website"))),
    Extractor("remote-desktop", "remote desktop files", remote_desktop, endings=frozenset(("rdp",))),
)
