-- The licensing system of the demo department.
CREATE TABLE applicant (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born TEXT, postcode TEXT, email TEXT);
CREATE TABLE premises (id INTEGER PRIMARY KEY, name TEXT NOT NULL, street TEXT, postcode TEXT, ward TEXT);
CREATE TABLE licence_type (code TEXT PRIMARY KEY, title TEXT NOT NULL, fee NUMERIC(8, 2)) WITHOUT ROWID;
CREATE TABLE officer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, manager INTEGER REFERENCES officer (id));
CREATE TABLE licence (
  id INTEGER PRIMARY KEY, number TEXT UNIQUE NOT NULL, type TEXT NOT NULL REFERENCES licence_type (code),
  applicant INTEGER NOT NULL REFERENCES applicant (id) ON DELETE RESTRICT, premises INTEGER REFERENCES premises (id),
  officer INTEGER REFERENCES officer (id), granted TEXT, expires TEXT, document BLOB
);
CREATE TABLE licence_condition (
  licence INTEGER NOT NULL REFERENCES licence (id) ON DELETE CASCADE, position INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (licence, position)
);
CREATE TABLE inspection (
  id INTEGER PRIMARY KEY, licence INTEGER NOT NULL, condition_position INTEGER, held TEXT NOT NULL, passed INTEGER,
  FOREIGN KEY (licence, condition_position) REFERENCES licence_condition (licence, position)
);
CREATE TABLE payment (id INTEGER PRIMARY KEY, licence INTEGER REFERENCES licence (id), paid TEXT, amount NUMERIC(8, 2));
CREATE TABLE import_log (at TEXT, line TEXT);
CREATE TABLE "order" ("group" TEXT, "semi;colon" TEXT, "say ""hello""" TEXT);
CREATE INDEX licence_expires ON licence (expires);
CREATE VIEW current_licence AS
  SELECT l.*, t.title FROM licence l JOIN licence_type t ON t.code = l.type WHERE l.expires >= date('now');
CREATE VIEW expiring AS SELECT number, title, expires FROM current_licence WHERE expires < date('now', '+60 days');
CREATE VIEW income_by_ward AS
  SELECT p.ward, sum(y.amount) AS income FROM payment y JOIN licence l ON l.id = y.licence
  JOIN premises p ON p.id = l.premises GROUP BY p.ward;
CREATE TRIGGER licence_logged AFTER INSERT ON licence BEGIN
  INSERT INTO import_log VALUES (datetime('now'), 'licence ' || new.number);
END;
