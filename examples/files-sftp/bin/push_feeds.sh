#!/bin/sh
# Loads what the partners left, and hands the invoices on.
PGPASSWORD='{CANARY}'; export PGPASSWORD
CASES="-h {CASES_HOST} -p {PG_PORT} -U feeds -d cases"
psql $CASES -c "\copy import_2011 from 'incoming/registrar/latest.csv' csv"
psql $CASES -At -c "SELECT number, total FROM finance.unpaid" > outgoing/unpaid.csv
mysql --host={STAFF_HOST} --port={MARIA_PORT} --user=feeds --password={CANARY} payroll < outgoing/journal.sql
aws s3 cp outgoing/unpaid.csv s3://northmoor-exports/finance/
sshpass -p {CANARY} scp outgoing/unpaid.csv feed@sftp.countybank.internal:/in/
