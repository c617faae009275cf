"""What a Unix machine's own files say of other machines: mounts, shares offered, jobs, names."""

from __future__ import annotations

from scanner.extractor import Extractor
from scanner.extractors.unix import jobs, mounts, names

EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "fstab",
        "mount tables",
        mounts.fstab,
        names=frozenset(("fstab", "mtab", "vfstab")),
        patterns=("*/proc/mounts", "*/fstab.*", "*/fstab-*", "*/fstab_*", "fstab.*"),
        most=4 << 20,
    ),
    Extractor(
        "autofs",
        "automounter maps",
        mounts.autofs,
        patterns=(
            "*/etc/auto.*",
            "*/etc/auto_*",
            "*/autofs/*",
            "*/auto.*",
            "auto.*",
            "*/auto_master*",
            "*/auto_home*",
            "*/auto_direct*",
        ),
        most=4 << 20,
    ),
    Extractor(
        "exports",
        "NFS exports",
        mounts.exports,
        names=frozenset(("exports",)),
        patterns=("*/exports.d/*.exports",),
        most=1 << 20,
    ),
    Extractor(
        "samba",
        "Samba's shares",
        mounts.samba,
        names=frozenset(("smb.conf",)),
        patterns=("*/samba/*.conf", "*smb.conf*"),
        most=4 << 20,
    ),
    Extractor("rsyncd", "rsync's modules", mounts.rsyncd, names=frozenset(("rsyncd.conf",)), most=1 << 20),
    Extractor("systemd-mount", "mount units", mounts.mount_unit, endings=frozenset(("mount",)), most=1 << 20),
    Extractor(
        "systemd-service",
        "services",
        jobs.service,
        endings=frozenset(("service",)),
        patterns=("*.service.d/*.conf",),
        most=1 << 20,
    ),
    Extractor(
        "crontab",
        "crontabs",
        jobs.crontab,
        endings=frozenset(("cron", "crontab")),
        names=frozenset(("crontab", "anacrontab")),
        patterns=("*/cron.d/*", "*/spool/cron/*", "*/crontabs/*", "crontab.*", "*/crontab.*", "*/crontab-*"),
        most=4 << 20,
    ),
    Extractor(
        "hosts",
        "hosts files",
        names.hosts,
        names=frozenset(("hosts", "lmhosts")),
        patterns=("*/etc/hosts.*",),
        most=16 << 20,
    ),
    Extractor(
        "dnsmasq",
        "dnsmasq",
        names.dnsmasq,
        names=frozenset(("dnsmasq.conf",)),
        patterns=("*/dnsmasq.d/*",),
        most=4 << 20,
    ),
    Extractor(
        "zone",
        "DNS zones",
        names.zone,
        endings=frozenset(("zone", "dns")),
        patterns=("*/named/*", "*/bind/*", "db.*", "*/db.*"),
        most=32 << 20,
    ),
)
