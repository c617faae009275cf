#!/bin/bash
set -eu
# was: scp letters.zip print@oldprinter:/in
HOST=printhub.northmoor.internal
BUCKET=northmoor-letters
for f in /srv/letters/*.pdf; do
  aws s3 cp "$f" "s3://$BUCKET/out/"
done
sftp -b - "print@$HOST" <<BATCH
cd /incoming
put /srv/letters/index.csv
BATCH
mysql -h mariadb03 -P 3307 -u lic -pOtter-9931 licensing -e "SELECT id, name FROM licence WHERE printed = 0"
sqlcmd -S "BENSQL02\LIVE" -d Benefits -U ops -P 'Otter-9931' -Q "EXEC dbo.MarkPrinted"
curl -s -T /srv/letters/index.csv ftp://ftp.couriers.internal/in/ --user post:Otter-9931
