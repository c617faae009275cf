@echo off
rem net use T: \\OLDNAS\team
net use S: \\FILES04\shared /persistent:no
net use P: "\\FILES05\projects" Otter-9931 /user:NORTHMOOR\svc_map
if exist S:\tools\setup.cmd call S:\tools\setup.cmd
bcp Rents.dbo.Tenancy out C:\temp\tenancy.dat -S RENTSQL01 -U etl -P Otter-9931 -c
robocopy D:\exports \\BACKUP02\exports$ /MIR
