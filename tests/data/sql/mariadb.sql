-- A harbour authority: two databases that lean on each other, and a third whose names no tool expects.
SET NAMES utf8mb4;
SET sql_mode = '';
SET foreign_key_checks = 0;
CREATE DATABASE port CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE ledger CHARACTER SET latin1 COLLATE latin1_swedish_ci;
CREATE DATABASE PORT CHARACTER SET latin1;
CREATE DATABASE `od/d "names"` CHARACTER SET utf8mb4;

CREATE TABLE port.country (
    code char(2) PRIMARY KEY,
    name varchar(80) NOT NULL UNIQUE,
    flag text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'Emoji of the flag 🇳🇱, "quoted", it''s \\ back'
) COMMENT 'Flags a vessel may sail under ⚓';
CREATE TABLE port.harbour (
    harbour_id int unsigned AUTO_INCREMENT PRIMARY KEY,
    country_code char(2) NOT NULL,
    name varchar(100) NOT NULL,
    opened date NOT NULL DEFAULT '0000-00-00',
    UNIQUE KEY by_name (country_code, name),
    CONSTRAINT harbour_country FOREIGN KEY (country_code) REFERENCES port.country (code) ON UPDATE CASCADE
);
CREATE TABLE port.berth (
    harbour_id int unsigned NOT NULL,
    berth_no smallint NOT NULL,
    length_m decimal(6, 2),
    area_m2 decimal(10, 2) GENERATED ALWAYS AS (length_m * 30) STORED,
    half_m decimal(10, 2) AS (length_m / 2) VIRTUAL,
    PRIMARY KEY (harbour_id, berth_no),
    CONSTRAINT berth_harbour FOREIGN KEY (harbour_id) REFERENCES port.harbour (harbour_id) ON DELETE CASCADE
);
CREATE TABLE port.company (
    company_id bigint AUTO_INCREMENT PRIMARY KEY,
    parent_id bigint,
    name varchar(120) NOT NULL DEFAULT 'NULL',
    vat_number varchar(20) DEFAULT NULL UNIQUE,
    details json DEFAULT '{}',
    CONSTRAINT company_parent FOREIGN KEY (parent_id) REFERENCES port.company (company_id) ON DELETE SET NULL
);
CREATE TABLE port.vessel (
    vessel_id int AUTO_INCREMENT PRIMARY KEY,
    imo varchar(7) UNIQUE,
    owner_id bigint NOT NULL,
    sister_id int,
    name varchar(200) NOT NULL,
    tonnage decimal(10, 1),
    photo longblob,
    class enum('bulk', 'liquid', 'it''s') NOT NULL DEFAULT 'bulk',
    flags set('a', 'b'),
    last_seen datetime(3),
    changed timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
    KEY by_owner_name (owner_id, name(10)),
    FULLTEXT KEY words (name),
    CONSTRAINT vessel_owner FOREIGN KEY (owner_id) REFERENCES port.company (company_id) ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT vessel_sister FOREIGN KEY (sister_id) REFERENCES port.vessel (vessel_id) ON DELETE NO ACTION
);
CREATE TABLE port.person (person_id int AUTO_INCREMENT PRIMARY KEY, family_name tinytext NOT NULL, born date, woken time, year_in year);
CREATE TABLE port.crew (
    vessel_id int NOT NULL,
    person_id int NOT NULL,
    since date NOT NULL,
    rank varchar(30) DEFAULT 'deck hand',
    PRIMARY KEY (vessel_id, person_id, since),
    CONSTRAINT crew_vessel FOREIGN KEY (vessel_id) REFERENCES port.vessel (vessel_id),
    CONSTRAINT crew_person FOREIGN KEY (person_id) REFERENCES port.person (person_id)
);
CREATE TABLE port.pilot (
    person_id int PRIMARY KEY,
    licence varchar(12) NOT NULL,
    bits bit(8),
    huge bigint unsigned,
    CONSTRAINT pilot_person FOREIGN KEY (person_id) REFERENCES port.person (person_id)
);
CREATE TABLE port.`call` (
    call_id bigint AUTO_INCREMENT PRIMARY KEY,
    vessel_id int NOT NULL,
    harbour_id int unsigned,
    berth_no smallint,
    arrived datetime NOT NULL,
    CONSTRAINT call_vessel FOREIGN KEY (vessel_id) REFERENCES port.vessel (vessel_id),
    CONSTRAINT call_berth FOREIGN KEY (harbour_id, berth_no) REFERENCES port.berth (harbour_id, berth_no)
        ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE TABLE port.cargo (
    call_id bigint NOT NULL,
    line_no smallint NOT NULL,
    weight_t double,
    crew_vessel int,
    crew_person int,
    crew_since date,
    PRIMARY KEY (call_id, line_no),
    CONSTRAINT cargo_call FOREIGN KEY (call_id) REFERENCES port.`call` (call_id) ON DELETE CASCADE,
    CONSTRAINT cargo_tallied_by FOREIGN KEY (crew_vessel, crew_person, crew_since)
        REFERENCES port.crew (vessel_id, person_id, since)
);
CREATE TABLE port.tide_log (at datetime PRIMARY KEY, level_m float) ENGINE = MyISAM;
CREATE TABLE port.movement (movement_id bigint, moved_on date, what mediumtext, PRIMARY KEY (movement_id, moved_on))
    PARTITION BY RANGE (YEAR(moved_on)) (PARTITION p2024 VALUES LESS THAN (2025), PARTITION p2025 VALUES LESS THAN MAXVALUE);
CREATE TABLE port.bare (anything longtext);
CREATE SEQUENCE port.ticket START WITH 1000;

CREATE TABLE PORT.vessel (twin int PRIMARY KEY COMMENT 'of another case', other int, CONSTRAINT twin_owner FOREIGN KEY (other) REFERENCES PORT.vessel (twin));
CREATE VIEW PORT.fleet_size AS SELECT twin FROM PORT.vessel;

CREATE TABLE ledger.account (
    account_id int AUTO_INCREMENT PRIMARY KEY,
    company_id bigint NOT NULL,
    last_invoice int,
    CONSTRAINT account_company FOREIGN KEY (company_id) REFERENCES port.company (company_id),
    CONSTRAINT account_last_invoice FOREIGN KEY (last_invoice) REFERENCES ledger.invoice (invoice_id)
);
CREATE TABLE ledger.invoice (
    invoice_id int AUTO_INCREMENT PRIMARY KEY,
    account_id int NOT NULL,
    call_id bigint,
    issued date NOT NULL,
    total decimal(12, 2) NOT NULL DEFAULT 0,
    CONSTRAINT invoice_account FOREIGN KEY (account_id) REFERENCES ledger.account (account_id),
    CONSTRAINT invoice_call FOREIGN KEY (call_id) REFERENCES port.`call` (call_id)
);
CREATE TABLE ledger.invoice_line (
    invoice_id int NOT NULL,
    line_no smallint NOT NULL,
    call_id bigint,
    cargo_line smallint,
    PRIMARY KEY (invoice_id, line_no),
    CONSTRAINT line_invoice FOREIGN KEY (invoice_id) REFERENCES ledger.invoice (invoice_id) ON DELETE CASCADE,
    CONSTRAINT line_cargo FOREIGN KEY (call_id, cargo_line) REFERENCES port.cargo (call_id, line_no) ON UPDATE SET NULL
);
CREATE TABLE ledger.payment (
    payment_id int AUTO_INCREMENT PRIMARY KEY,
    invoice_id int NOT NULL,
    paid_at timestamp NULL,
    CONSTRAINT payment_invoice FOREIGN KEY (invoice_id) REFERENCES ledger.invoice (invoice_id)
);

CREATE TABLE `od/d "names"`.`we"ird` (`a"b` int PRIMARY KEY, `select` text, `per%cent_` int);
CREATE TABLE `od/d "names"`.`back``tick` (
    `x``y` int COMMENT 'CONSTRAINT `fake` FOREIGN KEY (`x`) REFERENCES `nothing` (`at all`)',
    CONSTRAINT `f``k` FOREIGN KEY (`x``y`) REFERENCES `od/d "names"`.`we"ird` (`a"b`) ON DELETE CASCADE
);
CREATE TABLE `od/d "names"`.`semi;colon; DROP TABLE port.call` (`x;y` int);
CREATE TABLE `od/d "names"`.`a/b` (`c/d` int UNIQUE, `back\slash` text, `--comment` text, `/*` text, `?` text, `:database` text);
CREATE TABLE `od/d "names"`.`select` (`from` int PRIMARY KEY, `table` varchar(9) DEFAULT ';''"');
CREATE TABLE `od/d "names"`.`Ünïcødé` (`größe` decimal(4, 1), `new
line` text, ` lead` text);
CREATE TABLE `od/d "names"`.`tab	and
newline` (i int);
CREATE TABLE `od/d "names"`.`UPPER` (i int);
CREATE TABLE `od/d "names"`.`upper` (i int);
CREATE TABLE `od/d "names"`.`$1'quote` (i int);

CREATE VIEW port.vessel_owner AS
    SELECT v.vessel_id, v.name AS vessel, c.name AS owner FROM port.vessel v JOIN port.company c ON c.company_id = v.owner_id;
CREATE VIEW port.fleet_size AS SELECT owner, count(*) AS vessels FROM port.vessel_owner GROUP BY owner;
CREATE VIEW port.busy_berth AS SELECT harbour_id, berth_no, count(*) AS calls FROM port.`call` GROUP BY harbour_id, berth_no;
CREATE VIEW port.recent AS SELECT * FROM port.`call` WHERE arrived > '2024-01-01';
CREATE VIEW ledger.open_invoice AS
    SELECT i.invoice_id, i.total FROM ledger.invoice i LEFT JOIN ledger.payment p USING (invoice_id) WHERE p.payment_id IS NULL;
CREATE VIEW ledger.company_balance AS
    SELECT c.name, sum(o.total) AS due
    FROM ledger.open_invoice o JOIN ledger.invoice i USING (invoice_id) JOIN ledger.account a USING (account_id)
    JOIN port.company c USING (company_id) GROUP BY c.name;
CREATE VIEW `od/d "names"`.`view/with "quotes"` AS SELECT w.`a"b`, b.`x``y` FROM `od/d "names"`.`we"ird` w LEFT JOIN `od/d "names"`.`back``tick` b ON b.`x``y` = w.`a"b`;
CREATE TABLE ledger.short_lived (i int);
CREATE VIEW ledger.broken AS SELECT i FROM ledger.short_lived;
DROP TABLE ledger.short_lived;

DELIMITER //
CREATE PROCEDURE ledger.settle(IN wanted int) BEGIN INSERT INTO ledger.payment (invoice_id) SELECT invoice_id FROM ledger.open_invoice WHERE invoice_id = wanted; END//
CREATE FUNCTION port.days_alongside(a datetime, d datetime) RETURNS int DETERMINISTIC RETURN DATEDIFF(d, a)//
CREATE FUNCTION ledger.settle(x int) RETURNS int DETERMINISTIC RETURN x + 1//
CREATE PROCEDURE `od/d "names"`.`pro/c;` () BEGIN SELECT 1; END//
CREATE TRIGGER ledger.touched AFTER INSERT ON ledger.invoice FOR EACH ROW
    BEGIN UPDATE ledger.account SET last_invoice = NEW.invoice_id WHERE account_id = NEW.account_id; END//
CREATE TRIGGER `od/d "names"`.`tri/gger;` BEFORE INSERT ON `od/d "names"`.`a/b` FOR EACH ROW SET NEW.`c/d` = 1//
CREATE EVENT ledger.nightly ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM ledger.payment WHERE paid_at < '2000-01-01'; END//
DELIMITER ;

INSERT INTO port.country VALUES ('NL', 'Nederland', '🇳🇱'), ('DE', 'Deutschland', NULL);
INSERT INTO port.harbour (country_code, name) VALUES ('NL', 'Haven'), ('DE', 'Hafen');
INSERT INTO port.person (family_name, born, woken, year_in) VALUES ('Zero', '0000-00-00', '-800:00:00', 0), ('Part', '2024-00-00', '838:59:59', 2024);
INSERT INTO port.pilot VALUES (1, 'x', b'101', 18446744073709551615);
INSERT INTO port.company (name) VALUES ('Shipping & Söhne');
INSERT INTO port.vessel (owner_id, name, photo) VALUES (1, 'Long', repeat(unhex('00ff'), 20000));
INSERT INTO port.bare VALUES (repeat('long ', 5000));
INSERT INTO `od/d "names"`.`we"ird` VALUES (1, 'one', 1);
ANALYZE TABLE port.country, port.harbour;
