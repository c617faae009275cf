-- A harbour authority in one file, with names no tool expects.
CREATE TABLE country (code char(2) PRIMARY KEY NOT NULL, name varchar(80) NOT NULL UNIQUE, flag text);
CREATE TABLE harbour (
    harbour_id INTEGER PRIMARY KEY AUTOINCREMENT,
    country_code char(2) NOT NULL REFERENCES country (code) ON UPDATE CASCADE,
    name text NOT NULL,
    opened date DEFAULT CURRENT_DATE,
    UNIQUE (country_code, name)
);
CREATE TABLE berth (
    harbour_id int NOT NULL REFERENCES harbour ON DELETE CASCADE,
    berth_no smallint NOT NULL,
    length_m decimal(6, 2),
    area_m2 numeric GENERATED ALWAYS AS (length_m * 30) STORED,
    half_m AS (length_m / 2),
    PRIMARY KEY (harbour_id, berth_no)
);
CREATE TABLE company (company_id INTEGER PRIMARY KEY, parent_id int REFERENCES COMPANY (company_id) ON DELETE SET NULL, name varchar(120));
CREATE TABLE vessel (
    vessel_id INTEGER PRIMARY KEY,
    owner_id int NOT NULL REFERENCES company,
    sister_id int REFERENCES vessel,
    name text NOT NULL,
    photo blob
);
CREATE INDEX vessel_name_lower ON vessel (lower(name), owner_id DESC);
CREATE UNIQUE INDEX vessel_owner_name ON vessel (owner_id, name);
CREATE UNIQUE INDEX vessel_some ON vessel (name) WHERE owner_id > 5;
CREATE TABLE person (person_id INTEGER PRIMARY KEY, family_name text);
CREATE TABLE crew (
    vessel_id int NOT NULL REFERENCES vessel,
    person_id int NOT NULL REFERENCES person,
    since date NOT NULL,
    PRIMARY KEY (person_id, vessel_id, since)
) WITHOUT ROWID;
CREATE TABLE pilot (person_id int PRIMARY KEY REFERENCES person, licence varchar(12) NOT NULL);
CREATE TABLE "call" (
    call_id INTEGER PRIMARY KEY,
    vessel_id int NOT NULL REFERENCES vessel (vessel_id),
    harbour_id int,
    berth_no int,
    FOREIGN KEY (harbour_id, berth_no) REFERENCES berth ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE TABLE cargo (
    call_id int NOT NULL REFERENCES "call" ON DELETE CASCADE,
    line_no int NOT NULL,
    crew_vessel int, crew_person int, crew_since date,
    PRIMARY KEY (call_id, line_no),
    FOREIGN KEY (crew_vessel, crew_person, crew_since) REFERENCES crew (vessel_id, person_id, since)
);
CREATE TABLE account (account_id INTEGER PRIMARY KEY, company_id int REFERENCES company, last_invoice int REFERENCES invoice);
CREATE TABLE invoice (invoice_id INTEGER PRIMARY KEY, account_id int NOT NULL REFERENCES account, call_id int REFERENCES "call", total decimal(12, 2) DEFAULT 0);
CREATE TABLE invoice_line (
    invoice_id int NOT NULL REFERENCES invoice ON DELETE CASCADE,
    line_no int NOT NULL,
    call_id int, cargo_line int,
    PRIMARY KEY (invoice_id, line_no),
    FOREIGN KEY (call_id, cargo_line) REFERENCES cargo (call_id, line_no)
);
CREATE TABLE payment (payment_id INTEGER PRIMARY KEY, invoice_id int REFERENCES invoice, paid_at timestamp, anything);
CREATE TABLE tide_log (at datetime PRIMARY KEY, level_m real);
CREATE TABLE dangling (id INTEGER PRIMARY KEY, gone int REFERENCES never_made (id));
CREATE VIRTUAL TABLE words USING fts5(body);
CREATE TABLE "we""ird" ("a""b" INTEGER PRIMARY KEY, "select" text, "per%cent_" int);
CREATE TABLE "semi;colon; DROP TABLE call" ("x;y" int REFERENCES "we""ird" ("a""b"));
CREATE TABLE "a/b" ("c/d" int UNIQUE, "back\slash" text, "--comment" text, "/*" text, "?" text, ":object" text);
CREATE TABLE "select" ("from" INTEGER PRIMARY KEY, "table" text DEFAULT ';''"');
CREATE TABLE "ferry 🚢 Ünïcødé" ("größe 📏" decimal(4, 1), "new
line" text, " lead and trail " text);
CREATE TABLE "tab	and
newline" (i int);
CREATE TABLE "$1'quote" (i int);

CREATE VIEW vessel_owner AS SELECT v.vessel_id, v.name AS vessel, c.name AS owner FROM vessel v JOIN company c ON c.company_id = v.owner_id;
CREATE VIEW fleet_size AS SELECT owner, count(*) AS vessels FROM vessel_owner GROUP BY owner;
CREATE VIEW busy_berth AS SELECT harbour_id, berth_no, count(*) AS calls FROM "call" GROUP BY 1, 2;
CREATE VIEW family AS
    WITH RECURSIVE up (company_id, parent_id, depth) AS (
        SELECT company_id, parent_id, 1 FROM company
        UNION ALL SELECT u.company_id, c.parent_id, u.depth + 1 FROM up u JOIN company c ON c.company_id = u.parent_id
    ) SELECT company_id, max(depth) AS depth FROM up GROUP BY company_id;
CREATE VIEW open_invoice AS SELECT i.invoice_id, i.total FROM invoice i LEFT JOIN payment p USING (invoice_id) WHERE p.payment_id IS NULL;
CREATE VIEW company_balance AS
    SELECT c.name, sum(o.total) AS due FROM open_invoice o JOIN invoice i USING (invoice_id)
    JOIN account a USING (account_id) JOIN company c USING (company_id) GROUP BY c.name;
CREATE VIEW "view/with ""quotes"" 🔭" AS SELECT w."a""b", s."x;y" FROM "we""ird" w LEFT JOIN "semi;colon; DROP TABLE call" s ON s."x;y" = w."a""b";
CREATE TRIGGER touched AFTER INSERT ON invoice BEGIN UPDATE account SET last_invoice = NEW.invoice_id WHERE account_id = NEW.account_id; END;
CREATE TRIGGER "tri/gger;" AFTER INSERT ON "a/b" BEGIN SELECT 1; END;

INSERT INTO country VALUES ('NL', 'Nederland', '🇳🇱'), ('DE', 'Deutschland', NULL);
INSERT INTO company VALUES (1, NULL, 'Shipping & Söhne');
INSERT INTO vessel VALUES (1, 1, NULL, 'Long', zeroblob(40000));
INSERT INTO "we""ird" VALUES (1, 'one', 1);
INSERT INTO payment VALUES (1, NULL, '0000-00-00 00:00:00', 'not a number'), (2, NULL, 'yesterday', 1.5);
ANALYZE;
