--@ package body with two subprograms, a cursor loop and bulk collect
--@ kind procedure
--@ language package body
--@ reads orders customers emp tax_rates
--@ writes invoices invoice_lines audit_log
--@ calls pkg_util.log_it
PACKAGE BODY pkg_billing AS
  g_limit CONSTANT NUMBER := 100;
  TYPE t_ids IS TABLE OF orders.id%TYPE;
  CURSOR c_open IS SELECT o.id, c.name FROM orders o, customers c WHERE c.id = o.customer_id (+);

  FUNCTION tax_for(p_c VARCHAR2) RETURN NUMBER IS
    v NUMBER;
  BEGIN
    SELECT rate INTO v FROM tax_rates WHERE code = p_c;
    RETURN v;
  EXCEPTION WHEN NO_DATA_FOUND THEN RETURN 0;
  END tax_for;

  PROCEDURE bill(p_day DATE) IS
    l_ids t_ids;
  BEGIN
    FOR r IN c_open LOOP
      INSERT INTO invoices (id, tax) VALUES (r.id, tax_for('X'));
    END LOOP;
    SELECT id BULK COLLECT INTO l_ids FROM emp WHERE pay > g_limit;
    FORALL i IN 1 .. l_ids.COUNT
      INSERT INTO invoice_lines (id) VALUES (l_ids(i));
    pkg_util.log_it('billed: DELETE FROM nothing');
    DELETE FROM audit_log WHERE at < p_day;
    COMMIT;
  END bill;
END pkg_billing;
--@ execute immediate and a ref cursor over text
--@ reads big_table src_hist
--@ writes arch_2020
--@ dynamic
PROCEDURE purge_old(p_tab VARCHAR2) IS
  v_sql VARCHAR2(4000);
  cur SYS_REFCURSOR;
BEGIN
  EXECUTE IMMEDIATE 'INSERT INTO arch_2020 SELECT * FROM big_table WHERE yr = 2020';
  EXECUTE IMMEDIATE 'TRUNCATE TABLE ' || p_tab;
  v_sql := q'[SELECT id FROM src_hist WHERE note = 'it''s']';
  OPEN cur FOR v_sql;
  CLOSE cur;
END;
--@ dbms_sql
--@ reads parts
--@ calls dbms_sql.parse
--@ dynamic
PROCEDURE by_dbms_sql AS
  c INTEGER := DBMS_SQL.OPEN_CURSOR;
BEGIN
  DBMS_SQL.PARSE(c, 'SELECT id FROM parts WHERE n > :n', DBMS_SQL.NATIVE);
END;
--@ connect by, with clause, quoted names
--@ reads HR.Org~Units depts
--@ writes org_flat
CREATE OR REPLACE PROCEDURE flatten AS
BEGIN
  INSERT INTO org_flat (id, lvl, path)
  WITH d AS (SELECT id, parent FROM depts)
  SELECT o.id, LEVEL, SYS_CONNECT_BY_PATH(o.name, '/')
  FROM "HR"."Org Units" o JOIN d ON d.id = o.id
  START WITH o.parent IS NULL CONNECT BY NOCYCLE PRIOR o.id = o.parent;
END;
--@ merge and a database link
--@ reads old_erp..stage.cust accounts
--@ writes customers
PROCEDURE sync_customers AS
BEGIN
  MERGE INTO customers c
  USING (SELECT s.id, s.name FROM stage.cust@old_erp s JOIN accounts a ON a.id = s.id) x
  ON (c.id = x.id)
  WHEN MATCHED THEN UPDATE SET c.name = x.name DELETE WHERE x.name IS NULL
  WHEN NOT MATCHED THEN INSERT (id, name) VALUES (x.id, x.name);
END;
--@ trigger with old and new, a sequence and an exception
--@ kind trigger
--@ reads limits
--@ writes price_log
--@ calls raise_alarm
CREATE OR REPLACE TRIGGER trg_price BEFORE UPDATE OF price ON products FOR EACH ROW
DECLARE
  v_max NUMBER;
BEGIN
  SELECT max_price INTO v_max FROM limits WHERE kind = :NEW.kind;
  IF :NEW.price > v_max THEN raise_alarm(:OLD.id); END IF;
  INSERT INTO price_log (id, at) VALUES (log_seq.NEXTVAL, SYSDATE);
END;
--@ files through utl_file and a directory
--@ reads daily_totals
--@ calls utl_file.put_line utl_file.fclose
--@ at EXPORT_DIR/daily.csv
PROCEDURE write_file IS
  f UTL_FILE.FILE_TYPE;
BEGIN
  f := UTL_FILE.FOPEN('EXPORT_DIR', 'daily.csv', 'w');
  FOR r IN (SELECT day, total FROM daily_totals) LOOP
    UTL_FILE.PUT_LINE(f, r.day || ';' || r.total);
  END LOOP;
  UTL_FILE.FCLOSE(f);
END;
--@ calls without brackets, nested blocks, labels
--@ reads jobs
--@ writes job_runs
--@ calls pkg_jobs.start_all refresh_stats pkg_jobs.finish
PROCEDURE run_all AS
  n PLS_INTEGER := 0;
BEGIN
  <<outer_block>>
  BEGIN
    pkg_jobs.start_all;
    refresh_stats;
    SELECT COUNT(*) INTO n FROM jobs;
  EXCEPTION
    WHEN OTHERS THEN NULL;
  END outer_block;
  UPDATE job_runs SET ended = SYSTIMESTAMP WHERE CURRENT OF c_runs;
  pkg_jobs.finish(p_n => n);
END;
--@ multi-table insert
--@ reads src
--@ writes t_small t_large
PROCEDURE split_rows AS
BEGIN
  INSERT ALL
    WHEN amount < 100 THEN INTO t_small (id) VALUES (id)
    ELSE INTO t_large (id) VALUES (id)
  SELECT id, amount FROM src;
END;
--@ pipelined function
--@ kind function
--@ reads lines
FUNCTION get_lines(p_id NUMBER) RETURN t_lines PIPELINED IS
BEGIN
  FOR r IN (SELECT * FROM lines l WHERE l.id = p_id ORDER BY l.no) LOOP
    PIPE ROW (t_line(r.no, r.text));
  END LOOP;
  RETURN;
END;
--@ select for update, returning into, savepoint
--@ reads queue
--@ writes queue done
PROCEDURE take_one(p_id OUT NUMBER) AS
BEGIN
  SAVEPOINT sp;
  SELECT id INTO p_id FROM queue WHERE rownum = 1 FOR UPDATE SKIP LOCKED;
  UPDATE queue SET state = 'T' WHERE id = p_id RETURNING id INTO p_id;
  INSERT INTO done (id) VALUES (p_id) RETURNING id INTO p_id;
EXCEPTION WHEN DUP_VAL_ON_INDEX THEN ROLLBACK TO sp;
END;
--@ view with old outer joins and pivot
--@ kind view
--@ reads sales regions
CREATE OR REPLACE FORCE VIEW v_q AS
SELECT * FROM (SELECT s.region, s.q, s.amount FROM sales s, regions r WHERE r.id (+) = s.region)
PIVOT (SUM(amount) FOR q IN (1 AS q1, 2 AS q2))
--@ a package's head only declares
--@ language package
PACKAGE pkg_billing AS
  PROCEDURE bill(p_day DATE);
  FUNCTION tax_for(p_c VARCHAR2) RETURN NUMBER;
END pkg_billing;
--@ conditional compilation and comments with quotes
--@ reads real_table
PROCEDURE odd IS
  -- it's a remark with ' one quote
  v VARCHAR2(10) := 'a;b';  /* don't FROM fake */
  n NUMBER;
BEGIN
  $IF $$debug $THEN NULL; $END
  SELECT COUNT(*) INTO n FROM real_table;
END;
--@ scheduler job made inside
--@ calls dbms_scheduler.create_job
PROCEDURE plan_it AS
BEGIN
  DBMS_SCHEDULER.CREATE_JOB(job_name => 'NIGHT', job_type => 'PLSQL_BLOCK', job_action => 'BEGIN run_all; END;', enabled => TRUE);
END;
--@ a scheduler's job that runs a procedure
--@ kind job
--@ language stored_procedure
--@ calls HR.RUN_ALL
HR.RUN_ALL
--@ a scheduler's job with a block
--@ kind job
--@ language plsql_block
--@ writes old_rows
--@ calls pkg_jobs.run_all
BEGIN pkg_jobs.run_all; DELETE FROM old_rows; END;
