-- The street gazetteer that the casework system looks up through a foreign server.
CREATE TABLE street (usrn bigint PRIMARY KEY, name text NOT NULL, town text);
CREATE TABLE property (uprn bigint PRIMARY KEY, usrn bigint NOT NULL REFERENCES street, number text);
INSERT INTO street SELECT 20000000 + n, 'Street ' || n, 'Northmoor' FROM generate_series(1, 800) n;
INSERT INTO property SELECT 10000000000 + n, 20000001 + n % 800, (n % 90)::text FROM generate_series(1, 5000) n;
ANALYZE;
