"""Loads the census extract; paths like \\server\share are documented in the manual."""
import pyodbc
from sqlalchemy import create_engine

SOURCE = r"\\FILES04\census\2021\wards.csv"
engine = create_engine("mssql+pyodbc://loader:Otter-9931@STATSQL01/Census?driver=ODBC+Driver+17+for+SQL+Server")
conn = pyodbc.connect("DRIVER={ODBC Driver 17 for SQL Server};SERVER=STATSQL02,1444;DATABASE=CensusStage;UID=loader;PWD=Otter-9931")
# old = "postgresql://loader@oldstats/census"
PATTERN = r"\\d+\\w*"
