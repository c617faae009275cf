#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that the demo, the tests or the long sweeps need, where they are missing.
# With root or password-less sudo it installs them; else it says exactly what is missing and how to install it.
set -euo pipefail

demo=(python3-venv samba smbclient openssh-server postgresql mariadb-server unixodbc odbcinst odbc-postgresql odbc-mariadb libsqliteodbc mdbtools)
tests=("${demo[@]}" gcc libc6-dev unixodbc-dev attr acl odbc-mdbtools tdsodbc firebird3.0-server firebird3.0-utils strace fuse3 nftables iproute2 sqlite3 fonts-dejavu-core poppler-utils libatomic1)
# Debian's is a package; Ubuntu's is a snap, which apt does not bring: there it must be on the PATH already.
if ! command -v chromium >/dev/null 2>&1; then
    if grep -q '^ID=ubuntu' /etc/os-release 2>/dev/null; then
        echo "chromium is not on the PATH: the browser tests will fail. Install it with: snap install chromium" >&2
    else
        tests+=(chromium)
    fi
fi

# Samba's module for Windows permissions: a package of its own in some releases, part of samba in others.
if ! compgen -G '/usr/lib/*/samba/vfs/acl_xattr.so' >/dev/null; then
    demo+=(samba-vfs-modules)
    tests+=(samba-vfs-modules)
fi
# The accessibility sweep takes its checker from the npm registry; the benchmarks' peers are the rest.
full=("${tests[@]}" lftp rclone)
if ! command -v npm >/dev/null 2>&1; then full+=(npm); fi

case "${1:-}" in
demo) wanted=("${demo[@]}") ;;
test) wanted=("${tests[@]}") ;;
full) wanted=("${full[@]}") ;;
*)
    echo "usage: $0 demo|test|full" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is no Debian or Ubuntu; the servers must be installed by hand: ${wanted[*]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
    run=()
elif sudo -n true 2>/dev/null; then
    run=(sudo -n)
else
    echo "Missing packages: ${missing[*]}" >&2
    echo "Install them with: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

echo "Installing: ${missing[*]}"
# The packages' own services must not start: the tests start servers of their own, on loopback.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${run[@]}" tee "$policy" >/dev/null
    "${run[@]}" chmod 755 "$policy"
    trap '"${run[@]}" rm -f "$policy"' EXIT
fi
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
known=()
for package in "${missing[@]}"; do
    if [ "$package" != samba-vfs-modules ] || apt-cache show "$package" >/dev/null 2>&1; then known+=("$package"); fi
done
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${known[@]}" >/dev/null
