-- links of the data warehouse
EXEC sp_addlinkedserver @server = N'LEDGER', @srvproduct = N'', @provider = N'SQLNCLI', @datasrc = N'LEDGSQL01', @catalog = N'GeneralLedger';
GO
BULK INSERT dbo.Stage FROM '\\FILES04\drops\stage.csv' WITH (FIELDTERMINATOR = ',');
-- BULK INSERT dbo.Stage FROM '\\OLDNAS\drops\stage.csv';
SELECT * INTO dbo.Rates FROM OPENROWSET('Microsoft.ACE.OLEDB.12.0', 'Excel 12.0;Database=\\FILES04\finance\rates.xlsx', 'SELECT * FROM [Sheet1$]');
