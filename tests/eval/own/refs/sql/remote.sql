CREATE SERVER maps FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'pggis01', dbname 'maps', port '5434');
COPY ward FROM '/srv/loads/ward.csv' CSV;
CREATE DATABASE LINK fin CONNECT TO app IDENTIFIED BY "Otter-9931" USING 'FINPROD';
