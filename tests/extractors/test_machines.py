"""What Unix and Windows machines keep of other machines: mounts, shares, names, tasks, shortcuts."""
# ruff: noqa: E501 - samples are long lines, as the files are

from __future__ import annotations

import struct

import pytest

from tests.extractors.reading import CANARY, quotes, read


def test_mount_table() -> None:
    text = f"""# /etc/fstab
UUID=1 / ext4 defaults 0 1
//fs01/my\\040docs /mnt/fin cifs user=x,password={CANARY} 0 0
#//fs02/old /mnt/old cifs user=x 0 0
nas1:/vol/data /mnt/data nfs rw 0 0
s3fs#bkt /mnt/s3 fuse _netdev 0 0
app@sftp1:/x /mnt/x fuse.sshfs defaults 0 0
# a comment about nfs
nfs2:/a - /b nfs - yes rw
//$FILER/x /mnt/y cifs x 0 0
"""
    said = {(m.line, m.kind, m.locator, m.status, m.server, m.alias) for m in quotes("etc/fstab", text)}
    assert said == {
        (3, "unc", "//fs01/my docs", "active", "fs01", "/mnt/fin"),
        (4, "unc", "//fs02/old", "commented", "fs02", "/mnt/old"),
        (5, "path", "nas1:/vol/data", "active", "nas1", "/mnt/data"),
        (6, "url", "s3://bkt", "active", "bkt", "/mnt/s3"),
        (7, "path", "app@sftp1:/x", "active", "sftp1", "/mnt/x"),
        (9, "path", "nfs2:/a", "active", "nfs2", "/b"),
        (10, "unc", "//$FILER/x", "template", "$FILER", "/mnt/y"),
    }


def test_automounter_map() -> None:
    text = f"""data -rw,soft nas2:/export/data
win -fstype=cifs,user=x,password={CANARY} ://fs03/win
* nas3,nas4:/home/&
#old nas9:/x
"""
    said = {(m.locator, m.alias, m.status) for m in quotes("etc/auto.misc", text)}
    assert said == {
        ("nas2:/export/data", "data", "active"), ("//fs03/win", "win", "active"), ("nas3:/home/&", "*", "active"),
        ("nas4:/home/&", "*", "active"), ("nas9:/x", "old", "commented"),
    }  # fmt: skip


def test_shares_that_a_machine_offers() -> None:
    samba = (
        "[global]\nworkgroup = X\n[fin]\n path = /srv/fin\n;[old]\n; path = /srv/old\n[dfs]\nmsdfs proxy = \\fs09\\x1\n"
    )
    said = {(m.kind, m.locator, m.alias, m.status) for m in quotes("etc/samba/smb.conf", samba)}
    assert said == {
        ("path", "/srv/fin", "fin", "active"), ("path", "/srv/old", "old", "commented"), ("unc", "\\\\fs09\\x1", "dfs", "active"),
    }  # fmt: skip
    assert [m.locator for m in quotes("etc/exports", "# all\n/srv/x 10.0.0.0/8(rw)\n")] == ["/srv/x"]


def test_units_of_systemd() -> None:
    service = f"""[Service]
Environment="DB_URL=postgresql://u:{CANARY}@db3/x" HOST=db4
ExecStart=/usr/bin/psql -h ${{HOST}} -d y
#ExecStart=/usr/bin/psql -h db5 -d z
"""
    said = {(m.line, m.server, m.database, m.status) for m in quotes("x.service", service)}
    assert said == {(2, "db3", "x", "active"), (3, "db4", "y", "active"), (4, "db5", "z", "commented")}
    unit = f"[Mount]\nWhat=//fs05/s1\nWhere=/mnt/s\nType=cifs\nOptions=password={CANARY}\n"
    assert [(m.locator, m.alias) for m in quotes("mnt-s.mount", unit)] == [("//fs05/s1", "/mnt/s")]


def test_names_of_hosts() -> None:
    hosts = "127.0.0.1 localhost\n10.1.1.5 db7 db7.corp.local # x\n#10.1.1.6 old\n# see 10.0.0.1 for more, please\n"
    said = {(m.alias, m.locator, m.status) for m in quotes("etc/hosts", hosts)}
    assert said == {
        ("db7", "10.1.1.5", "active"),
        ("db7.corp.local", "10.1.1.5", "active"),
        ("old", "10.1.1.6", "commented"),
    }
    zone = "$TTL 3600\n@ IN SOA ns. x. (1 2 3 4 5)\nfs IN CNAME nas1\ndb 300 IN A 10.1.1.5\next CNAME x.other.net.\n;old IN CNAME nas9\n"
    said = {(m.alias, m.locator, m.status) for m in quotes("etc/bind/db.corp.local", zone)}
    assert said == {
        ("fs.corp.local", "nas1.corp.local", "active"), ("db.corp.local", "10.1.1.5", "active"),
        ("ext.corp.local", "x.other.net", "active"), ("old.corp.local", "nas9.corp.local", "commented"),
    }  # fmt: skip
    said = {
        (m.alias, m.locator, m.status)
        for m in quotes("etc/dnsmasq.conf", "address=/db.corp/10.0.0.5\n#cname=fs.corp,nas1.corp\n")
    }
    assert said == {("db.corp", "10.0.0.5", "active"), ("fs.corp", "nas1.corp", "commented")}


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_scheduled_task(enabled: bool, encoding: str) -> None:
    text = f"""<?xml version="1.0"?>
<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Settings><Enabled>{str(enabled).lower()}</Enabled></Settings>
<Actions><Exec><Command>\\\\fs01\\bin\\x.bat</Command><Arguments>-in \\\\fs02\\queue\\a</Arguments>
<WorkingDirectory>D:\\jobs</WorkingDirectory></Exec>
<Exec><Command>sqlcmd</Command><Arguments>-S db1 -d x -P {CANARY}</Arguments></Exec></Actions></Task>"""
    said = {(m.kind, m.locator, m.action, m.status) for m in quotes("tasks/x.xml", text.encode(encoding))}
    status = "active" if enabled else "commented"
    assert said == {
        ("unc", "\\\\fs01\\bin\\x.bat", "calls", status), ("unc", "\\\\fs02\\queue\\a", None, status),
        ("path", "D:\\jobs", "reads", status), ("connection_string", "sqlcmd -S db1 -d x", "connects", status),
    }  # fmt: skip


def test_group_policy_maps_drives_and_keeps_no_password() -> None:
    text = f"""<Drives>
<Drive name="S:"><Properties action="U" path="\\\\fs01\\dept" letter="S" cpassword="{CANARY}" userName=""/></Drive>
<Drive name="O:" disabled="1"><Properties action="U" path="\\\\fs02\\old" letter="O" cpassword=""/></Drive>
<Drive name="T:"><Properties action="D" path="\\\\fs03\\gone" letter="T"/></Drive></Drives>"""
    said = {(m.line, m.locator, m.alias, m.status) for m in quotes("Preferences/Drives/Drives.xml", text)}
    assert said == {(2, "\\\\fs01\\dept", "S:", "active"), (3, "\\\\fs02\\old", "O:", "commented")}


def shortcut(share: bytes, device: bytes, suffix: bytes, arguments: str) -> bytes:
    """A shortcut to a file on a share, as MS-SHLLINK lays it out."""
    head = struct.pack("<I16sI", 76, bytes.fromhex("0114020000000000c000000000000046"), 2 | 32 | 128).ljust(76, b"\0")
    link = struct.pack("<IIIII", 20 + len(share) + len(device) + 2, 2, 20, 20 + len(share) + 1, 0x20000)
    link += share + b"\0" + device + b"\0"
    info = struct.pack("<IIIIII", 28, 2, 0, 0, 28, 28 + len(link)) + link + suffix + b"\0"
    text = struct.pack("<H", len(arguments)) + arguments.encode("utf-16-le")
    return head + struct.pack("<I", len(info) + 4) + info + text


def test_shortcut_leads_to_the_share_and_its_drive() -> None:
    content = shortcut(b"\\\\fs01\\finance", b"F:", b"2019\\budget.xlsx", "/x \\\\fs02\\other\\y.xlsx")
    said = [(m.locator, m.alias, m.origin) for m in quotes("desk/budget.lnk", content)]
    assert said == [
        ("\\\\fs01\\finance\\2019\\budget.xlsx", "F:", "shortcut/target"), ("\\\\fs02\\other\\y.xlsx", None, "shortcut/arguments"),
    ]  # fmt: skip
    mentions, troubles = read("desk/budget.lnk", content[:90])
    assert (mentions, [t.code for t in troubles]) == ([], ["CONTENT_DAMAGED"])


def test_small_formats_of_windows() -> None:
    assert [m.locator for m in quotes("ts.rdp", "screen mode id:i:2\nfull address:s:ts01.corp:3389\n")] == [
        "ts01.corp:3389"
    ]
    assert [m.locator for m in quotes("x.url", "[InternetShortcut]\nURL=file://fs01/dept/x.xlsx\n")] == [
        "file://fs01/dept/x.xlsx"
    ]
    kix = 'use Z: "\\\\fs01\\z1"\n; use Y: "\\\\fs01\\y1"\n'
    assert [(m.alias, m.status) for m in quotes("logon.kix", kix)] == [("Z:", "active"), ("Y:", "commented")]
