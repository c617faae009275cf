-- A harbour authority: two schemas that lean on each other, and a third whose names no tool expects.
CREATE SCHEMA port;
CREATE SCHEMA ledger;
CREATE SCHEMA "od/d ""names""";
COMMENT ON SCHEMA port IS 'Ships and quays ⚓';

CREATE TYPE port.cargo_class AS ENUM ('bulk', 'liquid', 'container', 'passenger');
CREATE DOMAIN port.imo_number AS varchar(7) CHECK (VALUE ~ '^[0-9]{7}$');
CREATE SEQUENCE port.ticket START 1000;

CREATE TABLE port.country (
    code char(2) PRIMARY KEY,
    name varchar(80) NOT NULL UNIQUE,
    retired text,
    flag text COLLATE "C"
);
ALTER TABLE port.country DROP COLUMN retired;
COMMENT ON TABLE port.country IS 'Flags a vessel may sail under';
COMMENT ON COLUMN port.country.flag IS 'Emoji of the flag 🇳🇱, "quoted" and with \ a backslash';
CREATE TABLE port.harbour (
    harbour_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    country_code char(2) NOT NULL REFERENCES port.country (code) ON UPDATE CASCADE,
    name text NOT NULL,
    position point,
    opened date DEFAULT CURRENT_DATE,
    UNIQUE (country_code, name)
);
CREATE TABLE port.berth (
    harbour_id integer NOT NULL REFERENCES port.harbour ON DELETE CASCADE,
    berth_no smallint NOT NULL,
    length_m numeric(6, 2) CHECK (length_m > 0),
    depth_m numeric(5, 2),
    area_m2 numeric GENERATED ALWAYS AS (length_m * 30) STORED,
    PRIMARY KEY (harbour_id, berth_no)
);
CREATE TABLE port.company (
    company_id bigserial PRIMARY KEY,
    parent_id bigint REFERENCES port.company (company_id) ON DELETE SET NULL,
    name varchar(120) NOT NULL,
    vat_number varchar(20) UNIQUE,
    details jsonb DEFAULT '{}'::jsonb
);
CREATE TABLE port.vessel (
    vessel_id serial PRIMARY KEY,
    imo port.imo_number UNIQUE,
    owner_id bigint NOT NULL REFERENCES port.company (company_id) ON DELETE RESTRICT ON UPDATE CASCADE,
    sister_id integer REFERENCES port.vessel (vessel_id) DEFERRABLE INITIALLY DEFERRED,
    name text NOT NULL,
    tonnage numeric(10, 1),
    built smallint,
    photo bytea,
    tags text[],
    last_seen timestamp(3) with time zone
);
CREATE INDEX vessel_name_lower ON port.vessel (lower(name), built DESC);
CREATE INDEX vessel_recent ON port.vessel (last_seen) WHERE last_seen IS NOT NULL;
CREATE UNIQUE INDEX vessel_name_once ON port.vessel (name) WHERE built > 2000;
CREATE UNIQUE INDEX vessel_owner_name ON port.vessel (owner_id, name) INCLUDE (built);
CREATE TABLE port.person (
    person_id serial PRIMARY KEY,
    family_name text NOT NULL,
    born date,
    notes xml
);
CREATE TABLE port.crew (
    vessel_id integer NOT NULL REFERENCES port.vessel,
    person_id integer NOT NULL REFERENCES port.person,
    since date NOT NULL,
    rank varchar(30) DEFAULT 'deck hand',
    PRIMARY KEY (vessel_id, person_id, since)
);
CREATE TABLE port.pilot (
    person_id integer PRIMARY KEY REFERENCES port.person,
    licence varchar(12) NOT NULL,
    bits bit varying(8)
);
CREATE TABLE port.call (
    call_id bigserial PRIMARY KEY,
    vessel_id integer NOT NULL REFERENCES port.vessel,
    harbour_id integer NOT NULL,
    berth_no smallint NOT NULL,
    pilot_id integer REFERENCES port.pilot (person_id),
    arrived timestamp without time zone NOT NULL,
    departed timestamp without time zone,
    CONSTRAINT call_berth_fk FOREIGN KEY (harbour_id, berth_no) REFERENCES port.berth (harbour_id, berth_no)
        ON DELETE NO ACTION ON UPDATE SET NULL
);
CREATE TABLE port.cargo (
    call_id bigint NOT NULL REFERENCES port.call ON DELETE CASCADE,
    line_no smallint NOT NULL,
    class port.cargo_class NOT NULL DEFAULT 'bulk',
    weight_t double precision,
    crew_vessel integer,
    crew_person integer,
    crew_since date,
    PRIMARY KEY (call_id, line_no),
    CONSTRAINT cargo_tallied_by FOREIGN KEY (crew_vessel, crew_person, crew_since)
        REFERENCES port.crew (vessel_id, person_id, since)
);
CREATE TABLE port.movement (
    movement_id bigint NOT NULL,
    moved_on date NOT NULL,
    call_id bigint REFERENCES port.call (call_id),
    what text,
    PRIMARY KEY (movement_id, moved_on)
) PARTITION BY RANGE (moved_on);
CREATE TABLE port.movement_2024 PARTITION OF port.movement FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE port.movement_2025 PARTITION OF port.movement FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE port.movement_note (
    note_id serial PRIMARY KEY,
    movement_id bigint NOT NULL,
    moved_on date NOT NULL,
    body text,
    CONSTRAINT note_movement FOREIGN KEY (movement_id, moved_on) REFERENCES port.movement (movement_id, moved_on)
);
CREATE TABLE port.tide_log (at timestamp PRIMARY KEY, level_m real);
CREATE UNLOGGED TABLE port.scratch (anything json);
CREATE TABLE port.no_columns ();

CREATE TABLE ledger.account (
    account_id serial PRIMARY KEY,
    company_id bigint NOT NULL REFERENCES port.company (company_id),
    last_invoice integer,
    opened date NOT NULL
);
CREATE TABLE ledger.invoice (
    invoice_id serial PRIMARY KEY,
    account_id integer NOT NULL REFERENCES ledger.account (account_id),
    call_id bigint REFERENCES port.call (call_id),
    issued date NOT NULL,
    total numeric(12, 2) NOT NULL DEFAULT 0
);
ALTER TABLE ledger.account ADD CONSTRAINT account_last_invoice
    FOREIGN KEY (last_invoice) REFERENCES ledger.invoice (invoice_id) DEFERRABLE;
CREATE TABLE ledger.invoice_line (
    invoice_id integer NOT NULL REFERENCES ledger.invoice ON DELETE CASCADE,
    line_no smallint NOT NULL,
    call_id bigint,
    cargo_line smallint,
    amount numeric(12, 2),
    PRIMARY KEY (invoice_id, line_no),
    CONSTRAINT line_cargo FOREIGN KEY (call_id, cargo_line) REFERENCES port.cargo (call_id, line_no) ON DELETE SET DEFAULT
);
CREATE TABLE ledger.payment (
    payment_id serial PRIMARY KEY,
    invoice_id integer NOT NULL REFERENCES ledger.invoice,
    paid_at timestamptz NOT NULL DEFAULT now(),
    amount numeric NOT NULL
);

CREATE TABLE "od/d ""names"""."we""ird" ("a""b" integer PRIMARY KEY, "select" text, "per%cent_" int);
CREATE TABLE "od/d ""names"""."semi;colon; DROP TABLE port.call" ("x;y" integer REFERENCES "od/d ""names"""."we""ird" ("a""b"));
CREATE TABLE "od/d ""names"""."a/b" ("c/d" integer UNIQUE, "back\slash" text, "--comment" text, "/*" text, "?" text, ":schema" text);
CREATE TABLE "od/d ""names"""."select" ("from" integer PRIMARY KEY, "table" text DEFAULT ';''"');
CREATE TABLE "od/d ""names"""."ferry 🚢 Ünïcødé" ("größe 📏" numeric(4, 1), "new
line" text, " lead and trail " text);
CREATE TABLE "od/d ""names"""."tab	and
newline" (i integer);
CREATE TABLE "od/d ""names"""."UPPER" (i integer);
CREATE TABLE "od/d ""names"""."upper" (i integer);
CREATE TABLE "od/d ""names"""."café" (i integer);
CREATE TABLE "od/d ""names""".U&"cafe\0301" (i integer);
CREATE TABLE "od/d ""names"""."$1'quote" (i integer);

CREATE VIEW port.vessel_owner AS
    SELECT v.vessel_id, v.name AS vessel, c.name AS owner FROM port.vessel v JOIN port.company c ON c.company_id = v.owner_id;
CREATE VIEW port.fleet_size AS SELECT owner, count(*) AS vessels FROM port.vessel_owner GROUP BY owner;
CREATE VIEW port.busy_berth AS
    SELECT b.harbour_id, b.berth_no, count(*) AS calls
    FROM port.berth b JOIN port.call k USING (harbour_id, berth_no) GROUP BY b.harbour_id, b.berth_no;
CREATE VIEW port.family AS
    WITH RECURSIVE up AS (
        SELECT company_id, parent_id, 1 AS depth FROM port.company
        UNION ALL
        SELECT u.company_id, c.parent_id, u.depth + 1 FROM up u JOIN port.company c ON c.company_id = u.parent_id
    )
    SELECT company_id, max(depth) AS depth FROM up GROUP BY company_id;
CREATE VIEW ledger.open_invoice AS
    SELECT i.invoice_id, i.total - coalesce(sum(p.amount), 0) AS due
    FROM ledger.invoice i LEFT JOIN ledger.payment p USING (invoice_id) GROUP BY i.invoice_id, i.total;
CREATE VIEW ledger.company_balance AS
    SELECT c.name, sum(o.due) AS due
    FROM ledger.open_invoice o JOIN ledger.invoice i USING (invoice_id) JOIN ledger.account a USING (account_id)
    JOIN port.company c USING (company_id) GROUP BY c.name;
CREATE VIEW "od/d ""names"""."view/with ""quotes"" 🔭" AS
    SELECT w."a""b", s."x;y" FROM "od/d ""names"""."we""ird" w
    LEFT JOIN "od/d ""names"""."semi;colon; DROP TABLE port.call" s ON s."x;y" = w."a""b";
CREATE MATERIALIZED VIEW ledger.monthly AS
    SELECT date_trunc('month', issued) AS month, sum(total) AS total FROM ledger.invoice GROUP BY 1;
CREATE UNIQUE INDEX monthly_month ON ledger.monthly (month);

CREATE FUNCTION port.days_alongside(k port.call) RETURNS integer LANGUAGE sql STABLE AS
    $$ SELECT (coalesce(k.departed, now()::timestamp)::date - k.arrived::date) $$;
CREATE FUNCTION port.name_of(integer) RETURNS text LANGUAGE sql AS $$ SELECT name FROM port.vessel WHERE vessel_id = $1 $$;
CREATE FUNCTION port.name_of(bigint, text DEFAULT 'x') RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN RETURN (SELECT name FROM port.company WHERE company_id = $1); END $$;
CREATE FUNCTION ledger.touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN UPDATE ledger.account SET last_invoice = NEW.invoice_id WHERE account_id = NEW.account_id; RETURN NEW; END $$;
CREATE PROCEDURE ledger.settle(invoice integer) LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO ledger.payment (invoice_id, amount) SELECT invoice_id, due FROM ledger.open_invoice WHERE invoice_id = invoice; END $$;
CREATE AGGREGATE ledger.product(numeric) (sfunc = numeric_mul, stype = numeric, initcond = '1');
CREATE FUNCTION "od/d ""names"""."f/unc 🎣"("a;rg" integer) RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;
CREATE TRIGGER touched AFTER INSERT ON ledger.invoice FOR EACH ROW EXECUTE FUNCTION ledger.touch();
CREATE TRIGGER touched AFTER UPDATE ON ledger.invoice_line FOR EACH ROW EXECUTE FUNCTION ledger.touch();
CREATE TRIGGER "tri/gger;" BEFORE INSERT ON "od/d ""names"""."a/b" FOR EACH ROW EXECUTE FUNCTION ledger.touch();
CREATE RULE no_delete AS ON DELETE TO port.tide_log DO INSTEAD NOTHING;

INSERT INTO port.country VALUES ('NL', 'Nederland', '🇳🇱'), ('DE', 'Deutschland', NULL);
INSERT INTO port.harbour (country_code, name) SELECT 'NL', 'Haven ' || n FROM generate_series(1, 50) AS n;
INSERT INTO port.person (family_name, born) VALUES ('Longlived', 'infinity'), ('Ancient', '0044-03-15 BC');
INSERT INTO port.company (name) VALUES ('Shipping & Söhne'), (repeat('x', 120));
INSERT INTO port.vessel (owner_id, name, photo) VALUES (1, repeat('long ', 5000), decode(repeat('00ff', 20000), 'hex'));
INSERT INTO "od/d ""names"""."we""ird" VALUES (1, 'one', 1);
ANALYZE;
