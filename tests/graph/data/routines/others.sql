--@ db2: compound, for loop, signal, result-set cursor
--@ dialect db2
--@ language sql
--@ reads prod.orders prod.customer
--@ writes prod.summary session.t1
--@ calls prod.log_run
CREATE PROCEDURE PROD.SUMMARISE (IN P_DAY DATE)
LANGUAGE SQL
DYNAMIC RESULT SETS 1
P1: BEGIN
  DECLARE V_N INTEGER;
  DECLARE C1 CURSOR WITH RETURN FOR SELECT ID FROM PROD.ORDERS WHERE DAY = P_DAY WITH UR;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION RESIGNAL;
  DECLARE GLOBAL TEMPORARY TABLE SESSION.T1 (ID INT) ON COMMIT PRESERVE ROWS NOT LOGGED;
  FOR V AS C2 CURSOR FOR SELECT ID, NAME FROM PROD.CUSTOMER DO
    INSERT INTO PROD.SUMMARY VALUES (V.ID, V.NAME);
  END FOR;
  INSERT INTO SESSION.T1 SELECT ID FROM PROD.ORDERS FETCH FIRST 10 ROWS ONLY;
  CALL PROD.LOG_RUN(P_DAY);
  SIGNAL SQLSTATE '75000' SET MESSAGE_TEXT = 'SELECT FROM nothing';
  OPEN C1;
END P1
--@ db2: merge, select from final table, prepared
--@ dialect db2
--@ reads stage.acc
--@ writes acc hist
--@ dynamic
CREATE OR REPLACE PROCEDURE UPD (IN T VARCHAR(128)) LANGUAGE SQL
BEGIN
  DECLARE STMT VARCHAR(1000);
  MERGE INTO ACC AS A USING (SELECT ID, BAL FROM STAGE.ACC) AS S ON A.ID = S.ID
    WHEN MATCHED THEN UPDATE SET A.BAL = S.BAL ELSE IGNORE;
  SELECT ID INTO V FROM FINAL TABLE (INSERT INTO HIST (ID) VALUES (1));
  SET STMT = 'DELETE FROM ' || T;
  PREPARE S1 FROM STMT;
  EXECUTE S1;
END
--@ firebird: for select do, suspend, execute procedure
--@ dialect firebird
--@ reads sales employee
--@ writes log_table
--@ calls do_audit
BEGIN
  FOR SELECT s.id, e.name FROM sales s JOIN employee e ON e.id = s.emp_id WHERE s.day = :p_day INTO :o_id, :o_name DO
  BEGIN
    INSERT INTO log_table (id) VALUES (:o_id);
    EXECUTE PROCEDURE do_audit(:o_id);
    SUSPEND;
  END
END
--@ firebird: execute statement and on external
--@ dialect firebird
--@ reads country
--@ dynamic
AS
DECLARE VARIABLE n INTEGER;
BEGIN
  SELECT COUNT(*) FROM country INTO :n;
  EXECUTE STATEMENT 'DELETE FROM ' || t;
  WHEN ANY DO BEGIN n = 0; END
END
--@ firebird: trigger with update or insert
--@ dialect firebird
--@ kind trigger
--@ reads defaults
--@ writes stock
AS
BEGIN
  IF (NEW.id IS NULL) THEN NEW.id = GEN_ID(gen_stock, 1);
  UPDATE OR INSERT INTO stock (id, qty) VALUES (NEW.id, (SELECT qty FROM defaults)) MATCHING (id);
END
--@ sybase: old joins, print, exec with output, waitfor
--@ dialect sybase
--@ reads pubs2..titles authors
--@ writes sales_log
--@ calls sp_report
create proc weekly @w int output as
declare @t varchar(30)
select @t = title from pubs2..titles t, authors a where t.au_id *= a.au_id
if @@error != 0
begin
  print "no rows from %1!", @t
  return -1
end
waitfor delay "00:00:01"
insert sales_log (w) values (@w)
exec sp_report @w = @w output
return 0
--@ sybase: temp table, cursor, goto
--@ dialect sybase
--@ reads accounts
--@ writes balances
create procedure fix_balances as
select id, bal into #b from accounts where bal < 0
declare cur cursor for select id from #b
declare @id int
open cur
fetch cur into @id
again:
if @@sqlstatus = 0
begin
  update balances set bal = 0 where id = @id
  fetch cur into @id
  goto again
end
close cur
deallocate cursor cur
--@ informix: foreach, let, define
--@ dialect informix
--@ reads customer orders
--@ writes summary
--@ calls notify_all
CREATE PROCEDURE sum_up(p_day DATE) RETURNING INT;
  DEFINE v_id INT;
  LET v_id = 0;
  FOREACH SELECT c.num INTO v_id FROM customer c, OUTER orders o WHERE c.num = o.num
    INSERT INTO summary VALUES (v_id);
  END FOREACH;
  EXECUTE PROCEDURE notify_all(v_id);
  RETURN v_id;
END PROCEDURE;
--@ teradata: locking, qualify, merge
--@ dialect teradata
--@ reads edw.txn
--@ writes edw.latest
REPLACE PROCEDURE edw.refresh_latest()
BEGIN
  DELETE FROM edw.latest ALL;
  INSERT INTO edw.latest SEL acct, amt FROM edw.txn QUALIFY ROW_NUMBER() OVER (PARTITION BY acct ORDER BY ts DESC) = 1;
END;
--@ access: a saved query
--@ dialect access
--@ kind query
--@ reads Customers Order~Details
SELECT DISTINCTROW Customers.Name, Sum([Order Details].Qty) AS Q FROM Customers INNER JOIN [Order Details] ON Customers.ID = [Order Details].CID GROUP BY Customers.Name
--@ sqlite: trigger
--@ dialect sqlite
--@ kind trigger
--@ reads conf
--@ writes fts log
CREATE TRIGGER t_ai AFTER INSERT ON doc WHEN new.body IS NOT NULL BEGIN
  INSERT INTO fts(rowid, body) VALUES (new.id, new.body);
  INSERT INTO log SELECT 'doc', v FROM conf;
  SELECT RAISE(ABORT, 'select from x') WHERE new.id < 0;
END
--@ snowflake: scripting
--@ dialect snowflake
--@ language sql
--@ reads raw.events
--@ writes mart.daily raw_events
--@ at @stage_in/events/
BEGIN
  LET n := 0;
  COPY INTO raw_events FROM @stage_in/events/ FILE_FORMAT = (TYPE = CSV);
  INSERT INTO mart.daily SELECT day, COUNT(*) FROM raw.events GROUP BY day;
  RETURN n;
END
