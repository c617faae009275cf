@echo off
rem nightly copy of the repairs contractor's file
rem net use Q: \\OLDNAS\repairs
net use R: \\{SMB_HOST}\records /persistent:no
copy R:\Housing\repairs\jobs.csv \\FILESRV07\forms$\repairs\
