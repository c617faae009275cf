-- The staff systems of the demo department on MariaDB: three databases that read each other.
CREATE DATABASE hr CHARACTER SET utf8mb4;
CREATE DATABASE payroll CHARACTER SET utf8mb4;
CREATE DATABASE website CHARACTER SET latin1;

USE hr;
CREATE TABLE grade (code CHAR(4) PRIMARY KEY, title VARCHAR(60) NOT NULL, hours DECIMAL(4, 1)) COMMENT 'Pay grades';
CREATE TABLE post (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(80), grade CHAR(4), FOREIGN KEY (grade) REFERENCES grade (code));
CREATE TABLE employee (
  id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL, national_insurance CHAR(9) UNIQUE, post INT, manager INT,
  started DATE, photo LONGBLOB, notes LONGTEXT, KEY by_start (started),
  FOREIGN KEY (post) REFERENCES post (id), FOREIGN KEY (manager) REFERENCES employee (id) ON DELETE SET NULL
);
CREATE TABLE absence (
  employee INT, began DATE, ended DATE, reason ENUM('leave', 'sick', 'other'), PRIMARY KEY (employee, began),
  FOREIGN KEY (employee) REFERENCES employee (id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE appraisal (
  employee INT, began DATE, year SMALLINT, score TINYINT UNSIGNED,
  FOREIGN KEY (employee, began) REFERENCES absence (employee, began)
);
CREATE TABLE training_old (id INT, course VARCHAR(60)) ENGINE = MyISAM;
CREATE TABLE `odd ``name``` (`order` INT, `semi;colon` INT, `naïve` INT);
CREATE VIEW staff AS SELECT e.id, e.name, p.title, g.hours FROM employee e JOIN post p ON p.id = e.post JOIN grade g ON g.code = p.grade;

USE payroll;
CREATE TABLE run (id INT AUTO_INCREMENT PRIMARY KEY, month DATE UNIQUE, closed TINYINT(1) DEFAULT 0);
CREATE TABLE payslip (
  run INT, employee INT, gross DECIMAL(10, 2), net DECIMAL(10, 2), PRIMARY KEY (run, employee),
  FOREIGN KEY (run) REFERENCES run (id), FOREIGN KEY (employee) REFERENCES hr.employee (id)
);
CREATE TABLE deduction (id INT AUTO_INCREMENT PRIMARY KEY, run INT, employee INT, amount DECIMAL(10, 2),
  FOREIGN KEY (run, employee) REFERENCES payslip (run, employee));
CREATE TABLE journal (line TEXT, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE VIEW latest AS SELECT s.name, p.net FROM payslip p JOIN hr.staff s ON s.id = p.employee WHERE p.run = (SELECT max(id) FROM run);
CREATE VIEW by_grade AS
  SELECT g.title, sum(p.gross) AS gross FROM payslip p JOIN hr.employee e ON e.id = p.employee
  JOIN hr.post o ON o.id = e.post JOIN hr.grade g ON g.code = o.grade GROUP BY g.title;

USE website;
CREATE TABLE page (id INT AUTO_INCREMENT PRIMARY KEY, path VARCHAR(255) UNIQUE, body MEDIUMTEXT, author INT);
CREATE TABLE revision (page INT, at DATETIME, body MEDIUMTEXT, PRIMARY KEY (page, at), FOREIGN KEY (page) REFERENCES page (id));
CREATE TABLE form_entry (id INT AUTO_INCREMENT PRIMARY KEY, page INT REFERENCES page (id), answers LONGTEXT) ENGINE = InnoDB;
CREATE VIEW contact AS SELECT name, title FROM hr.staff;

DELIMITER //
CREATE PROCEDURE payroll.close_run(IN which INT)
BEGIN
  UPDATE run SET closed = 1 WHERE id = which;
  INSERT INTO journal (line) SELECT concat('closed ', which, ' for ', count(*)) FROM payslip WHERE run = which;
END //
CREATE FUNCTION payroll.net_of(gross DECIMAL(10, 2)) RETURNS DECIMAL(10, 2) DETERMINISTIC RETURN gross * 0.72 //
CREATE TRIGGER payroll.payslip_logged AFTER INSERT ON payroll.payslip FOR EACH ROW
  INSERT INTO payroll.journal (line) VALUES (concat('payslip ', new.run)) //
DELIMITER ;

INSERT INTO hr.grade VALUES ('G1', 'Officer', 37), ('G2', 'Senior officer', 37), ('G3', 'Head of service', 37);
INSERT INTO hr.post (title, grade) VALUES ('Housing officer', 'G1'), ('Planner', 'G2'), ('Head of records', 'G3');
INSERT INTO hr.employee (name, post, started) SELECT concat('Employee ', seq), 1 + seq % 3, '2015-04-01' FROM seq_1_to_1200;
INSERT INTO payroll.run (month) SELECT '2022-01-01' + INTERVAL seq MONTH FROM seq_1_to_24;
INSERT INTO payroll.payslip SELECT r.id, e.id, 2400, 1728 FROM payroll.run r CROSS JOIN hr.employee e;
INSERT INTO website.page (path, body) SELECT concat('/page/', seq), repeat('Text. ', 40) FROM seq_1_to_300;
ANALYZE TABLE hr.employee, payroll.payslip, website.page;
