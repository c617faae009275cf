--@ plpgsql with records, exceptions and dynamic format
--@ language plpgsql
--@ kind function
--@ reads orders pg_temp_src archive.index_list
--@ writes stats orders_hist
--@ dynamic
CREATE OR REPLACE FUNCTION public.roll(p_day date) RETURNS void LANGUAGE plpgsql AS $fn$
DECLARE
  r record; n bigint;
BEGIN
  SELECT count(*) INTO STRICT n FROM orders WHERE day = p_day;
  FOR r IN SELECT * FROM pg_temp_src LOOP
    EXECUTE format('INSERT INTO %I.%I SELECT * FROM archive.index_list WHERE d = %L', r.s, r.t, p_day);
  END LOOP;
  INSERT INTO stats AS s (day, n) VALUES (p_day, n) ON CONFLICT (day) DO UPDATE SET n = excluded.n + s.n;
  WITH gone AS (DELETE FROM orders_hist WHERE day < p_day RETURNING *) SELECT count(*) INTO n FROM gone;
EXCEPTION WHEN unique_violation THEN
  RAISE NOTICE 'SELECT from nowhere %', SQLERRM;
END $fn$;
--@ sql function
--@ language sql
--@ kind function
--@ reads public.item public.price
CREATE FUNCTION public.cheap(m numeric) RETURNS SETOF item AS $$
  SELECT i.* FROM public.item i JOIN public.price p USING (item_id) WHERE p.amount < m
$$ LANGUAGE sql STABLE;
--@ trigger function with tg_op
--@ language plpgsql
--@ kind function
--@ reads app.users
--@ writes audit.events
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO audit.events SELECT 'D', now(), OLD.*;
    RETURN OLD;
  ELSIF NEW.owner <> OLD.owner THEN
    INSERT INTO audit.events (who) SELECT u.name FROM app.users u WHERE u.id = NEW.owner;
  END IF;
  RETURN NEW;
END;
--@ perform, call, return query, execute using
--@ language plpgsql
--@ kind function
--@ reads t1 t2 lookup
--@ calls refresh_one refresh_all
--@ dynamic
BEGIN
  PERFORM refresh_one(x.id) FROM t1 x;
  CALL refresh_all('a', 2);
  RETURN QUERY SELECT a.id FROM t2 a;
  RETURN QUERY EXECUTE 'SELECT id FROM lookup WHERE k = $1' USING 5;
END
--@ copy to and from files
--@ language plpgsql
--@ kind procedure
--@ reads public.outbox
--@ writes stage.inbox
--@ at /srv/feeds/in.csv /srv/feeds/out.csv
BEGIN
  COPY stage.inbox (a, b) FROM '/srv/feeds/in.csv' WITH (FORMAT csv, HEADER);
  COPY (SELECT * FROM public.outbox) TO '/srv/feeds/out.csv' CSV;
END;
--@ dblink
--@ language plpgsql
--@ kind procedure
--@ writes local_copy
--@ at host=10.1.2.3~dbname=legacy~user=etl~password=***
BEGIN
  INSERT INTO local_copy SELECT * FROM dblink('host=10.1.2.3 dbname=legacy user=etl password=c4n4ry-x', 'SELECT id FROM parts') AS t(id int);
END;
--@ recursive query, lateral and unnest
--@ kind view
--@ reads tree tags
WITH RECURSIVE up(id, parent, depth) AS (
  SELECT id, parent, 0 FROM tree WHERE parent IS NULL
  UNION ALL SELECT t.id, t.parent, up.depth + 1 FROM tree t JOIN up ON t.parent = up.id)
SELECT up.id, x.tag FROM up CROSS JOIN LATERAL (SELECT tag FROM tags WHERE tags.id = up.id LIMIT 3) x, unnest(ARRAY[1, 2]) n
--@ cursors and a temporary table
--@ language plpgsql
--@ kind procedure
--@ reads big
--@ writes small
DECLARE
  cur CURSOR (k int) FOR SELECT id FROM big WHERE id > k;
  v int;
BEGIN
  CREATE TEMPORARY TABLE IF NOT EXISTS scratch (id int) ON COMMIT DROP;
  OPEN cur(5);
  LOOP
    FETCH cur INTO v;
    EXIT WHEN NOT FOUND;
    INSERT INTO scratch VALUES (v);
  END LOOP;
  CLOSE cur;
  INSERT INTO small SELECT id FROM scratch;
  UPDATE small SET n = s.n FROM (SELECT count(*) AS n FROM scratch) s;
  TRUNCATE scratch;
END;
--@ a sql-standard body
--@ language sql
--@ kind function
--@ reads ledger
--@ writes totals
CREATE FUNCTION total_up() RETURNS void LANGUAGE sql BEGIN ATOMIC
  INSERT INTO totals SELECT sum(amount) FROM ledger;
END
--@ do-block texts, casts, quoted mixed case
--@ language plpgsql
--@ kind procedure
--@ reads App.UserData
--@ writes App.Copy
BEGIN
  INSERT INTO "App"."Copy" SELECT d.*, 'x'::text, d."When"::date FROM "App"."UserData" d WHERE d.js ->> 'from' = 'table x';
END;
--@ a body in python is told, not read
--@ language plpython3u
--@ kind function
--@ unread
return plpy.execute("select * from hidden")
--@ refresh, lock, listen and a foreign import
--@ language plpgsql
--@ kind procedure
--@ writes mv_totals
--@ reads base
BEGIN
  LOCK TABLE base IN SHARE MODE;
  REFRESH MATERIALIZED VIEW CONCURRENTLY mv_totals;
  PERFORM 1 FROM base LIMIT 1;
  NOTIFY done;
END;
