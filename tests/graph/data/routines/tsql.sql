--@ nightly load with temp tables, a cursor and a call
--@ reads dbo.Orders dbo.OrderLine stage.Customer
--@ writes dbo.FactSales dbo.LoadLog
--@ calls dbo.usp_Notify
CREATE PROCEDURE [dbo].[usp_LoadSales] @day date, @force bit = 0
AS
SET NOCOUNT ON
/* FROM dbo.NotThis -- nested remark */
IF OBJECT_ID('tempdb..#lines') IS NOT NULL DROP TABLE #lines
SELECT o.OrderId, l.Amount INTO #lines FROM dbo.Orders o JOIN dbo.OrderLine l ON l.OrderId = o.OrderId WHERE o.Day = @day
DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT CustomerId FROM stage.Customer
DECLARE @id int
OPEN c
FETCH NEXT FROM c INTO @id
WHILE @@FETCH_STATUS = 0
BEGIN
  INSERT INTO dbo.FactSales (OrderId, Amount) SELECT OrderId, Amount FROM #lines
  FETCH NEXT FROM c INTO @id
END
CLOSE c
DEALLOCATE c
INSERT dbo.LoadLog (Day) VALUES (@day)
EXEC dbo.usp_Notify @day, N'done: SELECT * FROM nothing'
GO
--@ merge with output, then a table variable
--@ reads stage.Product
--@ writes dbo.Product dbo.ProductAudit
CREATE PROC dbo.MergeProduct AS
BEGIN
  DECLARE @changed TABLE (act nvarchar(10), id int);
  MERGE dbo.Product WITH (HOLDLOCK) AS t
  USING (SELECT Id, Name, ROW_NUMBER() OVER (PARTITION BY Id ORDER BY Stamp DESC) rn FROM stage.Product) AS s
    ON t.Id = s.Id AND s.rn = 1
  WHEN MATCHED AND t.Name <> s.Name THEN UPDATE SET t.Name = s.Name
  WHEN NOT MATCHED BY TARGET THEN INSERT (Id, Name) VALUES (s.Id, s.Name)
  WHEN NOT MATCHED BY SOURCE THEN DELETE
  OUTPUT $action, inserted.Id INTO @changed (act, id);
  INSERT INTO dbo.ProductAudit SELECT act, id FROM @changed;
END
--@ dynamic text in a variable, run twice
--@ reads dbo.Config dbo.Invoice
--@ writes dbo.Archive
--@ dynamic
CREATE PROCEDURE dbo.Sweep @year int AS
BEGIN
  DECLARE @sql nvarchar(max), @n int
  SELECT @n = Value FROM dbo.Config WHERE Name = 'sweep'
  SET @sql = N'INSERT INTO dbo.Archive SELECT * FROM dbo.Invoice WHERE Y = ' + CAST(@year AS varchar(4))
  EXEC (@sql)
  SET @sql = N'DELETE FROM dbo.Invoice_' + CAST(@year AS varchar(4))
  EXEC sp_executesql @sql, N'@n int', @n = @n
END
--@ try, catch, goto and a label
--@ reads dbo.Account
--@ writes dbo.Account dbo.Ledger dbo.Errors
CREATE PROCEDURE dbo.Transfer(@from int, @to int, @amount money) AS
BEGIN TRY
  BEGIN TRAN
  IF NOT EXISTS (SELECT 1 FROM dbo.Account WHERE Id = @from) GOTO Bad
  UPDATE dbo.Account SET Balance -= @amount WHERE Id = @from
  UPDATE a SET a.Balance = a.Balance + @amount FROM dbo.Account AS a WHERE a.Id = @to
  INSERT INTO dbo.Ledger DEFAULT VALUES
  COMMIT
  RETURN 0
Bad:
  ROLLBACK
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK
  INSERT INTO dbo.Errors (Msg, At) VALUES (ERROR_MESSAGE(), GETDATE());
  THROW
END CATCH
--@ other databases and a linked server
--@ reads Sales.dbo.Region HR..Staff LNK_ORA.ERP.FIN.GL_LINES
--@ writes DW.dim.Region
CREATE PROCEDURE dbo.Cross_Db AS
INSERT DW.dim.Region (Name, Boss)
SELECT r.Name, s.Name FROM Sales.dbo.Region r LEFT JOIN HR..Staff s ON s.Id = r.BossId
UNION ALL
SELECT 'gl', NULL FROM LNK_ORA.ERP.FIN.GL_LINES
--@ outer apply, cross apply to a function, for xml
--@ reads dbo.Dept dbo.Emp
--@ calls dbo.fn_Split
CREATE PROCEDURE dbo.DeptNames AS
SELECT d.Name, x.Top1, s.value,
  STUFF((SELECT ',' + e.Name FROM dbo.Emp e WHERE e.DeptId = d.Id FOR XML PATH('')), 1, 1, '') AS Names
FROM dbo.Dept d
OUTER APPLY (SELECT TOP (1) e2.Name AS Top1 FROM dbo.Emp e2 WHERE e2.DeptId = d.Id ORDER BY e2.Pay DESC) x
CROSS APPLY dbo.fn_Split(d.Tags, ',') s
--@ pivot and unpivot
--@ reads dbo.Sales dbo.Budget
--@ writes rpt.Quarters
CREATE PROCEDURE dbo.Quarters AS
INSERT INTO rpt.Quarters
SELECT p.Region, p.[1], p.[2] FROM (SELECT Region, Quarter, Amount FROM dbo.Sales) s
PIVOT (SUM(Amount) FOR Quarter IN ([1], [2])) p
INSERT INTO rpt.Quarters (Region, Amount)
SELECT Region, Amount FROM dbo.Budget UNPIVOT (Amount FOR Quarter IN ([Q1], [Q2])) u
--@ bulk insert and openrowset from files
--@ reads stage.Raw
--@ writes stage.Raw dbo.Clean
--@ at \\filer01\drop\orders.csv \\filer01\drop\map.fmt
CREATE PROCEDURE dbo.ReadFiles AS
BEGIN
  TRUNCATE TABLE stage.Raw;
  BULK INSERT stage.Raw FROM '\\filer01\drop\orders.csv' WITH (FIELDTERMINATOR = ';', FORMATFILE = '\\filer01\drop\map.fmt');
  INSERT INTO dbo.Clean SELECT * FROM stage.Raw;
END
--@ openrowset and opendatasource with a password that nobody may read
--@ writes dbo.Imported
--@ at Provider=SQLNCLI;Server=OLDBOX\PROD;Trusted_Connection=yes Provider=SQLNCLI;Data~Source=srv9;User~ID=sa;Password=*** Provider=Microsoft.ACE.OLEDB.12.0;Excel~12.0;Database=C:\data\book.xlsx
CREATE PROCEDURE dbo.Adhoc AS
INSERT INTO dbo.Imported
SELECT a.* FROM OPENROWSET('SQLNCLI', 'Server=OLDBOX\PROD;Trusted_Connection=yes;', 'SELECT id FROM Legacy.dbo.Parts') AS a
UNION ALL SELECT * FROM OPENDATASOURCE('SQLNCLI', 'Data Source=srv9;User ID=sa;Password=c4n4ry-x').Legacy.dbo.Parts
UNION ALL SELECT * FROM OPENROWSET('Microsoft.ACE.OLEDB.12.0', 'Excel 12.0;Database=C:\data\book.xlsx', 'SELECT * FROM [Sheet1$]')
--@ openquery
--@ reads dbo.Local ORALINK..HR.PEOPLE
CREATE PROCEDURE dbo.ViaQuery AS
SELECT l.Id, q.NAME FROM dbo.Local l JOIN OPENQUERY(ORALINK, 'SELECT ID, NAME FROM HR.PEOPLE') q ON q.ID = l.Id
--@ trigger with inserted and deleted
--@ kind trigger
--@ reads dbo.Limits
--@ writes dbo.Audit
CREATE TRIGGER dbo.tr_Order ON dbo.[Order] AFTER INSERT, UPDATE, DELETE AS
BEGIN
  IF UPDATE(Price) AND EXISTS (SELECT * FROM inserted i JOIN dbo.Limits l ON l.Kind = i.Kind WHERE i.Price > l.Top1)
    RAISERROR('too much', 16, 1)
  INSERT INTO dbo.Audit (What, Id) SELECT 'del', Id FROM deleted
END
--@ a chain of common table expressions with update
--@ reads dbo.Moves
--@ writes dbo.Stock
ALTER PROCEDURE dbo.Recount AS
;WITH m AS (SELECT Item, SUM(Qty) q FROM dbo.Moves GROUP BY Item), n AS (SELECT * FROM m WHERE q <> 0)
UPDATE s SET s.Qty = s.Qty + n.q FROM dbo.Stock s INNER JOIN n ON n.Item = s.Item
--@ if else without begin, semicolons missing
--@ reads dbo.A dbo.B
--@ writes dbo.C dbo.D
create procedure p2 @x int as
if @x = 1
  insert dbo.C select a from dbo.A
else if @x = 2
  delete dbo.D where k in (select k from dbo.B)
else
  update dbo.C set n = case when @x > 3 then 1 else 0 end
return
--@ exec into a table, exec with a result, exec by number
--@ writes dbo.Spool
--@ calls dbo.GetRows dbo.Score msdb.dbo.sp_send_dbmail
CREATE PROCEDURE dbo.Caller AS
BEGIN
  DECLARE @r int
  INSERT INTO dbo.Spool (a, b) EXEC dbo.GetRows 'x', @mode = 2
  EXEC @r = dbo.Score 5
  EXECUTE msdb.dbo.sp_send_dbmail @recipients = 'a@b.example', @query = 'select 1'
END
--@ inline table function
--@ kind function
--@ reads dbo.Orders dbo.Rate
CREATE FUNCTION dbo.fn_Open(@d date) RETURNS TABLE WITH SCHEMABINDING AS RETURN
(SELECT o.Id, r.Rate FROM dbo.Orders AS o INNER JOIN dbo.Rate AS r ON r.Cur = o.Cur WHERE o.Closed IS NULL AND o.Day <= @d)
--@ multi-statement table function
--@ kind function
--@ reads dbo.Node
CREATE FUNCTION dbo.fn_Tree(@root int) RETURNS @out TABLE (Id int, Lvl int) AS
BEGIN
  INSERT @out SELECT Id, 0 FROM dbo.Node WHERE Id = @root
  WHILE @@ROWCOUNT > 0 INSERT @out SELECT n.Id, o.Lvl + 1 FROM dbo.Node n JOIN @out o ON o.Id = n.Parent
    WHERE NOT EXISTS (SELECT 1 FROM @out x WHERE x.Id = n.Id)
  RETURN
END
--@ scalar function that calls another
--@ kind function
--@ reads dbo.Tax
--@ calls dbo.fn_Round
CREATE FUNCTION dbo.fn_Gross(@net money) RETURNS money AS
BEGIN
  DECLARE @t decimal(5,2); SET @t = (SELECT TOP 1 Rate FROM dbo.Tax ORDER BY Since DESC)
  RETURN dbo.fn_Round(@net * (1 + @t))
END
--@ names in brackets with dots and spaces
--@ reads dbo.Order~Details
--@ writes my.schema.Odd]Name
CREATE PROCEDURE [dbo].[Odd Names] AS
INSERT INTO [my.schema].[Odd]]Name] ([a b]) SELECT [Unit Price] FROM [dbo].[Order Details] -- FROM [x]
--@ shell and file commands
--@ writes dbo.Exported
--@ calls master..xp_cmdshell
--@ at \\filer02\out\daily.txt
--@ dynamic
CREATE PROCEDURE dbo.Export AS
DECLARE @cmd varchar(500)
SET @cmd = 'bcp "SELECT * FROM DW.dbo.Daily" queryout \\filer02\out\daily.txt -c -T'
EXEC master..xp_cmdshell @cmd
UPDATE dbo.Exported SET At = GETDATE()
EXEC('TRUNCATE TABLE dbo.Exported')
--@ an agent's job in three steps
--@ kind job
--@ language agent job
--@ reads DW.stage.Orders DW..Flags
--@ writes DW.dbo.Fact
--@ calls Ops.dbo.Notify
--@ at \\filer03\jobs\run.cmd
--@ elsewhere
-- 1: load (TSQL in DW)
INSERT INTO dbo.Fact SELECT * FROM stage.Orders WHERE f IN (SELECT f FROM Flags)
-- 2: copy (CmdExec)
cmd /c "\\filer03\jobs\run.cmd" /q
-- 3: tell (TSQL in Ops)
EXEC dbo.Notify
