--@ delimiter, handlers, cursor, leave and iterate
--@ reads orders staff
--@ writes totals errors_seen
--@ calls shop.recount
DELIMITER $$
CREATE DEFINER=`root`@`%` PROCEDURE `shop`.`nightly`(IN p_day DATE, OUT p_n INT)
    MODIFIES SQL DATA
BEGIN
  DECLARE done INT DEFAULT 0;
  DECLARE v_id INT;
  DECLARE cur CURSOR FOR SELECT id FROM `orders` WHERE day = p_day;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN INSERT INTO errors_seen VALUES (NOW()); END;
  OPEN cur;
  read_loop: LOOP
    FETCH cur INTO v_id;
    IF done THEN LEAVE read_loop; END IF;
    IF v_id IN (SELECT id FROM staff) THEN ITERATE read_loop; END IF;
    REPLACE INTO totals (id, n) VALUES (v_id, 1);
  END LOOP;
  CLOSE cur;
  CALL shop.recount(p_day); # FROM remark
END$$
--@ load data and outfile
--@ reads export_me
--@ writes raw_in
--@ at /var/lib/feeds/raw.tsv /tmp/out.txt
BEGIN
  LOAD DATA LOCAL INFILE '/var/lib/feeds/raw.tsv' REPLACE INTO TABLE raw_in FIELDS TERMINATED BY '\t' IGNORE 1 LINES (a, b);
  SELECT * FROM export_me INTO OUTFILE '/tmp/out.txt' FIELDS TERMINATED BY ';';
END
--@ prepared statement
--@ reads conf logs
--@ dynamic
CREATE PROCEDURE p(IN t VARCHAR(64))
BEGIN
  SELECT v INTO @v FROM conf WHERE k = 'x' LIMIT 1;
  SET @s = CONCAT('SELECT COUNT(*) FROM logs WHERE k = ', @v);
  PREPARE st FROM @s;
  EXECUTE st;
  DEALLOCATE PREPARE st;
END
--@ multi-table update and delete
--@ reads b c
--@ writes a d
BEGIN
  UPDATE a JOIN b ON b.id = a.id LEFT JOIN (SELECT id FROM c GROUP BY id) cc USING (id) SET a.x = b.x WHERE cc.id IS NULL;
  DELETE d FROM d INNER JOIN b ON b.id = d.id WHERE b.gone = 1;
END
--@ trigger
--@ kind trigger
--@ reads rules
--@ writes audit
CREATE TRIGGER `t_bi` BEFORE INSERT ON `item` FOR EACH ROW
BEGIN
  DECLARE m INT;
  SELECT MAX(v) INTO m FROM rules;
  SET NEW.price = IF(NEW.price > m, m, NEW.price);
  INSERT INTO audit (id) VALUES (NEW.id);
END
--@ event body
--@ kind event
--@ writes sessions
--@ calls cleanup
DO BEGIN DELETE FROM sessions WHERE at < NOW() - INTERVAL 1 DAY; CALL cleanup(); END
--@ case, while, repeat, temporary table, insert set
--@ reads src
--@ writes dst
CREATE PROCEDURE q()
BEGIN
  DECLARE i INT DEFAULT 0;
  CREATE TEMPORARY TABLE tmp_ids ENGINE=MEMORY AS SELECT id FROM src;
  WHILE i < 3 DO
    CASE i WHEN 0 THEN INSERT INTO dst SET id = i; ELSE INSERT IGNORE INTO dst SELECT id FROM tmp_ids; END CASE;
    SET i = i + 1;
  END WHILE;
  REPEAT SET i = i - 1; UNTIL i = 0 END REPEAT;
  DROP TEMPORARY TABLE tmp_ids;
END
--@ function with select into
--@ kind function
--@ reads rates
CREATE FUNCTION f(p CHAR(3)) RETURNS DECIMAL(10,4) READS SQL DATA
BEGIN
  DECLARE r DECIMAL(10,4);
  SELECT rate INTO r FROM rates WHERE code = p ORDER BY at DESC LIMIT 1;
  RETURN COALESCE(r, (SELECT AVG(rate) FROM rates));
END
--@ view text as the server keeps it
--@ kind view
--@ reads shop.order shop.line
select `o`.`id` AS `id`,sum(`l`.`qty`) AS `qty` from (`shop`.`order` `o` left join `shop`.`line` `l` on((`l`.`oid` = `o`.`id`))) group by `o`.`id`
