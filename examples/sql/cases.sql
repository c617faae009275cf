-- The casework system of the demo department: three schemas, 22 tables, views on views, routines in two languages.
CREATE SCHEMA finance;
CREATE SCHEMA archive;
CREATE TYPE case_state AS ENUM ('open', 'waiting', 'closed');
CREATE DOMAIN postcode AS text CHECK (VALUE ~ '^[A-Z]{1,2}[0-9]');

CREATE TABLE ward (id serial PRIMARY KEY, name text NOT NULL UNIQUE, boundary polygon);
CREATE TABLE person (
  id bigserial PRIMARY KEY, surname text NOT NULL, forename text, born date, email text, photo bytea, notes text,
  CONSTRAINT person_once UNIQUE (surname, forename, born)
);
CREATE TABLE address (
  id bigserial PRIMARY KEY, person bigint NOT NULL REFERENCES person ON DELETE CASCADE, line1 text, code postcode,
  ward integer REFERENCES ward
);
CREATE TABLE team (id serial PRIMARY KEY, name text NOT NULL, lead integer);
CREATE TABLE caseworker (
  id serial PRIMARY KEY, name text NOT NULL, team integer NOT NULL REFERENCES team, manager integer REFERENCES caseworker
);
-- A team is led by a caseworker, a caseworker belongs to a team: neither can be loaded first.
ALTER TABLE team ADD CONSTRAINT team_lead FOREIGN KEY (lead) REFERENCES caseworker DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE casefile (
  id bigserial PRIMARY KEY, reference text NOT NULL UNIQUE, subject bigint NOT NULL REFERENCES person,
  worker integer REFERENCES caseworker, state case_state NOT NULL DEFAULT 'open', opened date NOT NULL, closed date,
  history jsonb, search tsvector
);
CREATE TABLE case_party (
  casefile bigint REFERENCES casefile ON DELETE CASCADE, person bigint REFERENCES person, role text,
  PRIMARY KEY (casefile, person, role)
);
CREATE TABLE document (
  id bigserial PRIMARY KEY, casefile bigint REFERENCES casefile, title text, kept_at text, scan oid, added timestamptz
);
CREATE TABLE hearing (
  casefile bigint, person bigint, role text, held date, outcome text, PRIMARY KEY (casefile, person, role, held),
  FOREIGN KEY (casefile, person, role) REFERENCES case_party
);
CREATE TABLE correspondence (id bigserial, casefile bigint, sent date, body text) PARTITION BY RANGE (sent);
CREATE TABLE correspondence_2023 PARTITION OF correspondence FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE correspondence_2024 PARTITION OF correspondence FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE import_2011 (line text);  -- no key, left over from the last migration
CREATE TABLE "Old Cases/2003" ("Case No." text, "Opened?" text, "semi;colon" text, "say ""hello""" text);

CREATE TABLE finance.account (code text PRIMARY KEY, title text, parent text REFERENCES finance.account);
CREATE TABLE finance.supplier (id serial PRIMARY KEY, name text, vat text);
CREATE TABLE finance.invoice (
  id bigserial PRIMARY KEY, number text UNIQUE, supplier integer REFERENCES finance.supplier,
  casefile bigint REFERENCES public.casefile, due date, total numeric(12, 2), image bytea
);
CREATE TABLE finance.invoice_line (
  invoice bigint REFERENCES finance.invoice ON DELETE CASCADE, position smallint,
  account text REFERENCES finance.account, amount numeric(12, 2), PRIMARY KEY (invoice, position)
);
CREATE TABLE finance.payment (id bigserial PRIMARY KEY, invoice bigint REFERENCES finance.invoice, paid date, amount money);
CREATE TABLE finance.period (year smallint, month smallint, closed boolean, PRIMARY KEY (year, month));
CREATE TABLE archive.casefile (LIKE public.casefile);
CREATE TABLE archive.person (LIKE public.person);

INSERT INTO ward (name) SELECT 'Ward ' || n FROM generate_series(1, 12) n;
INSERT INTO person (surname, forename, born)
  SELECT 'Surname ' || n, 'Forename ' || n % 90, date '1940-01-01' + n FROM generate_series(1, 20000) n;
INSERT INTO address (person, line1, code, ward) SELECT id, id || ' High Street', 'NM1 1AA', 1 + id % 12 FROM person;
INSERT INTO team (name) VALUES ('Housing'), ('Planning'), ('Licensing');
INSERT INTO caseworker (name, team) SELECT 'Caseworker ' || n, 1 + n % 3 FROM generate_series(1, 30) n;
UPDATE team SET lead = id;
INSERT INTO casefile (reference, subject, worker, opened)
  SELECT 'NM/' || n, n, 1 + n % 30, date '2012-01-01' + n / 5 FROM generate_series(1, 15000) n;
INSERT INTO case_party SELECT id, subject, 'applicant' FROM casefile;
INSERT INTO document (casefile, title, kept_at)
  SELECT id, 'Decision letter', '\\FILESRV01\records\Legal\' || reference FROM casefile WHERE id % 3 = 0;
INSERT INTO finance.supplier (name) SELECT 'Supplier ' || n FROM generate_series(1, 300) n;
INSERT INTO finance.invoice (number, supplier, casefile, due, total)
  SELECT 'INV' || n, 1 + n % 300, 1 + n % 15000, date '2020-01-01' + n % 1500, n % 977 FROM generate_series(1, 9000) n;

CREATE VIEW open_case AS SELECT * FROM casefile WHERE state <> 'closed';
CREATE VIEW caseload AS
  SELECT w.name, t.name AS team, count(*) AS cases FROM open_case c JOIN caseworker w ON w.id = c.worker
  JOIN team t ON t.id = w.team GROUP BY 1, 2;
CREATE VIEW overdue AS
  WITH latest AS (SELECT casefile, max(sent) AS sent FROM correspondence GROUP BY casefile)
  SELECT c.reference, p.surname, l.sent FROM open_case c JOIN person p ON p.id = c.subject
  LEFT JOIN latest l ON l.casefile = c.id WHERE l.sent < current_date - 28;
CREATE VIEW finance.unpaid AS
  SELECT i.number, s.name, i.total FROM finance.invoice i JOIN finance.supplier s ON s.id = i.supplier
  WHERE NOT EXISTS (SELECT FROM finance.payment y WHERE y.invoice = i.id);
CREATE VIEW finance.cost_per_case AS
  SELECT c.reference, sum(i.total) AS cost FROM finance.invoice i JOIN public.casefile c ON c.id = i.casefile GROUP BY 1;
CREATE MATERIALIZED VIEW finance.cost_per_ward AS
  SELECT w.name, sum(k.cost) AS cost FROM finance.cost_per_case k JOIN casefile c ON c.reference = k.reference
  JOIN address a ON a.person = c.subject JOIN ward w ON w.id = a.ward GROUP BY 1;
CREATE VIEW archive.everyone AS SELECT * FROM archive.person UNION ALL SELECT * FROM public.person;

CREATE FUNCTION finance.close_period(y int, m int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE finance.period SET closed = true WHERE year = y AND month = m;
  INSERT INTO finance.period (year, month, closed) VALUES (y, m + 1, false) ON CONFLICT DO NOTHING;
  REFRESH MATERIALIZED VIEW finance.cost_per_ward;
END $$;
CREATE FUNCTION case_age(c casefile) RETURNS integer LANGUAGE sql STABLE AS 'SELECT coalesce(c.closed, current_date) - c.opened';
CREATE PROCEDURE archive_closed(before date) LANGUAGE plpgsql AS $$
DECLARE kept text := 'archive.casefile';
BEGIN
  EXECUTE format('INSERT INTO %s SELECT * FROM public.casefile WHERE closed < %L', kept, before);
  DELETE FROM public.casefile WHERE closed < before;
END $$;
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO import_2011 VALUES (new.reference);
  RETURN new;
END $$;
CREATE TRIGGER casefile_changed AFTER UPDATE ON casefile FOR EACH ROW EXECUTE FUNCTION note_change();

CREATE EXTENSION postgres_fdw;
CREATE SERVER gazetteer FOREIGN DATA WRAPPER postgres_fdw
  OPTIONS (host '{CASES_HOST}', port '{PG_PORT}', dbname 'gazetteer');
CREATE USER MAPPING FOR postgres SERVER gazetteer OPTIONS (user 'lookup', password '{CANARY}');
CREATE FOREIGN TABLE street (usrn bigint, name text) SERVER gazetteer OPTIONS (table_name 'street');
CREATE SERVER old_maps FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'gisdb02', dbname 'maps');
CREATE FOREIGN TABLE boundary (ward integer, shape text) SERVER old_maps;
CREATE VIEW ward_street AS SELECT w.name AS ward, s.name AS street FROM ward w, street s;

COMMENT ON TABLE casefile IS 'One case; the reference is quoted in every letter';
GRANT SELECT ON ward TO PUBLIC;
CREATE ROLE portal LOGIN;
GRANT SELECT, UPDATE ON casefile, person TO portal;
ANALYZE;
