# Copies the planning register to the web
$server = 'PLANSQL01'
$db = "PlanningRegister"
$cs = "Server=$server;Database=$db;Integrated Security=SSPI"
Invoke-Sqlcmd -ServerInstance $server -Database $db -Query "SELECT * FROM dbo.Application"
New-PSDrive -Name W -PSProvider FileSystem -Root '\\WEBFS01\register' | Out-Null
Copy-Item 'D:\out\register.csv' '\\WEBFS01\register\register.csv'
<# Copy-Item 'D:\out\x.csv' '\\OLDWEB\register' #>
