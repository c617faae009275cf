"""How things are set up and run: each format in force, commented out, as a template, with a password, damaged."""
# ruff: noqa: E501 - samples are long lines, as the files are

from __future__ import annotations

from tests.extractors.reading import CANARY, quotes, read


def brief(path: str, content: str) -> set[tuple[str, str | None, str | None, str, str | None]]:
    """Kind, server or locator, database, status and action of all that a file quotes."""
    return {(m.kind, m.server or m.locator, m.database, m.status, m.action) for m in quotes(path, content)}


def test_compose_file() -> None:
    text = f"""services:
  app:
    environment:
      - DB_HOST=db7
      - DB_NAME=erp
      - DB_PASSWORD={CANARY}
      - URL=postgresql://u:{CANARY}@db8/x
      # - OLD=mysql://u:{CANARY}@old/x
      - REPORT_URL=jdbc:mysql://${{REPORT_HOST}}/r
    command: psql -h db9 -d y -c "select 1 from z"
volumes:
  v:
    driver_opts: {{type: cifs, o: "username=x,password={CANARY}", device: "//fs01/s1"}}
  n:
    driver_opts:
      type: nfs
      o: addr=nas1,rw
      device: ":/export/x"
"""
    assert brief("docker-compose.yml", text) == {
        ("connection_string", "db7", "erp", "active", "connects"), ("connection_string", "db8", "x", "active", "connects"),
        ("connection_string", "old", "x", "commented", "connects"), ("connection_string", "${REPORT_HOST}", "r", "template", "connects"),
        ("connection_string", "db9", "y", "active", "connects"), ("sql", "db9", "y", "active", None), ("unc", "fs01", "s1", "active", "mounts"),
        ("path", "nas1", None, "active", "mounts"),
    }  # fmt: skip


def test_kubernetes_pipelines_and_dbt() -> None:
    text = """kind: Service
metadata: {name: legacy}
spec: {type: ExternalName, externalName: db1.corp.local}
---
kind: Deployment
spec:
  containers:
  - env:
    - name: PGHOST
      value: pg1
    - name: PGDATABASE
      value: erp
    command: ["pg_dump", "-h", "db5", "erp"]
  volumes:
  - name: d
    nfs: {server: nas2, path: /vol/d}
"""
    assert brief("k8s/app.yaml", text) == {
        ("host", "db1.corp.local", None, "active", "defines"), ("connection_string", "pg1", "erp", "active", "connects"),
        ("connection_string", "db5", "erp", "active", "reads"), ("path", "nas2", None, "active", "mounts"),
    }  # fmt: skip
    text = "job:\n  script:\n    - aws s3 cp x s3://feeds/k\n    - |\n      echo\n      scp x u@host9:/y/\nuses: actions/checkout@v4\n"
    assert brief(".gitlab-ci.yml", text) == {
        ("url", "feeds", "feeds", "active", "writes"),
        ("path", "host9", None, "active", "writes"),
    }
    text = f"shop:\n  target: prod\n  outputs:\n    prod:\n      type: postgres\n      host: dwh1\n      dbname: dw\n      user: x\n      password: {CANARY}\n"
    assert [(m.alias, m.server, m.database) for m in quotes("profiles.yml", text)] == [("shop", "dwh1", "dw")]
    text = "sources:\n  - name: raw\n    database: lake\n    schema: sales\n    tables:\n      - name: orders\n"
    assert [(m.kind, m.locator) for m in quotes("models/sources.yml", text)] == [("table", "lake.sales.orders")]


def test_terraform_and_clouds() -> None:
    text = f"""variable "bkt" {{
  default = "corp-data"
}}
terraform {{
  backend "s3" {{
    bucket = "tf-state"
    key    = "x/y"
  }}
}}
resource "aws_s3_bucket" "b" {{
  bucket = "${{var.bkt}}-raw"
}}
resource "aws_s3_bucket" "c" {{
  bucket = "raw-${{var.unset}}"
}}
resource "aws_dms_endpoint" "e" {{
  server_name = "ora1"
  port = 1521
  database_name = "ERP"
  password = "{CANARY}"
}}
# url = "s3://old-bucket1/x"
"""
    said = {(m.line, m.locator, m.status) for m in quotes("main.tf", text)}
    assert said == {
        (6, "s3://tf-state/x/y", "active"), (11, "s3://corp-data-raw", "active"), (14, "s3://raw-${var.unset}", "template"),
        (17, "host=ora1 port=1521 dbname=ERP", "active"), (22, "s3://old-bucket1/x", "commented"),
    }  # fmt: skip
    text = '{"AWSTemplateFormatVersion":"2010","Resources":{"B":{"Type":"AWS::S3::Bucket","Properties":{"BucketName":"corp-x"}}}}'
    assert [(m.locator, m.alias) for m in quotes("stack.json", text)] == [("s3://corp-x", "B")]
    text = f'{{"terraform_version":"1","resources":[{{"type":"aws_db_instance","name":"d","instances":[{{"attributes":{{"address":"d.rds.amazonaws.com","port":5432,"db_name":"erp","engine":"postgres","password":"{CANARY}"}}}}]}}]}}'
    assert [(m.server, m.port, m.database) for m in quotes("terraform.tfstate", text)] == [
        ("d.rds.amazonaws.com", 5432, "erp")
    ]


def test_recipes() -> None:
    text = f"FROM x\nENV DB_URL=postgresql://u:{CANARY}@h1/x A=b\nRUN curl ftp://f1.corp/y \\\n && aws s3 cp s3://b1/k .\n#RUN psql -h old -d x\n"
    assert brief("Dockerfile", text) == {
        ("connection_string", "h1", "x", "active", "connects"), ("url", "f1.corp", None, "active", "reads"),
        ("url", "b1", "b1", "active", "reads"), ("connection_string", "old", "x", "commented", "connects"),
    }  # fmt: skip
    text = "node { sh 'psql -h db1 -d x'\n // sh 'psql -h db2 -d x'\n }"
    assert {(m.server, m.status) for m in quotes("Jenkinsfile", text)} == {("db1", "active"), ("db2", "commented")}
    text = f"[db]\ndb1 ansible_host=10.0.0.4 ansible_password={CANARY}\n"
    assert [(m.alias, m.locator) for m in quotes("inventory", text)] == [("db1", "10.0.0.4")]
    text = f"insert_job: x   job_type: c\ncommand: sqlplus a/{CANARY}@ORA @x.sql\nmachine: h1\n"
    assert {(m.line, m.locator) for m in quotes("x.jil", text)} == {(2, "ORA"), (2, "x.sql"), (3, "h1")}


def test_pipelines_kept_as_xml() -> None:
    text = rf"""<transformation><connection><name>erp</name><server>db1</server><type>ORACLE</type><database>ERP</database><port>1521</port><password>{CANARY}</password></connection>
<order><hop><from>a</from><to>c</to><enabled>Y</enabled></hop><hop><from>off</from><to>c</to><enabled>N</enabled></hop></order>
<step><name>a</name><type>TableInput</type><connection>erp</connection><sql>select * from x</sql></step>
<step><name>off</name><type>TextFileInput</type><file><name>\\fs1\in\x.csv</name></file></step>
<step><name>c</name><type>TableOutput</type><connection>dw</connection><schema>s</schema><table>t</table></step></transformation>"""
    assert {(m.line, m.kind, m.locator, m.status, m.alias or m.via) for m in quotes("load.ktr", text)} == {
        (1, "connection_string", "host=db1 port=1521 dbname=ERP", "active", "erp"), (3, "sql", "select * from x", "active", "erp"),
        (4, "unc", "\\\\fs1\\in\\x.csv", "commented", None), (5, "table", "s.t", "active", "dw"),
    }  # fmt: skip
    text = f"""<talendfile:ProcessType xmlns:talendfile="x"><node componentName="tOracleInput"><elementParameter name="UNIQUE_NAME" value="in_1"/>
<elementParameter name="HOST" value="&quot;db1&quot;"/><elementParameter name="DBNAME" value="context.db"/><elementParameter name="PASS" value="{CANARY}"/>
<elementParameter name="QUERY" value="&quot;select a from b&quot;"/></node></talendfile:ProcessType>"""
    assert {(m.kind, m.server, m.status, m.via) for m in quotes("job.item", text)} == {
        ("connection_string", "db1", "template", None), ("sql", None, "active", "in_1"),
    }  # fmt: skip
    text = '<POWERMART><SOURCE NAME="T" OWNERNAME="S" DBDNAME="ERP" DATABASETYPE="Oracle"/></POWERMART>'
    assert [(m.locator, m.via, m.action) for m in quotes("wf.xml", text)] == [("S.T", "ERP", "reads")]
    text = f'<DEFTABLE><JOB CMDLINE="sqlplus a/{CANARY}@ORA @x.sql" NODEID="h1"/></DEFTABLE>'
    assert {m.locator for m in quotes("folder.xml", text)} == {"ORA", "x.sql", "h1"}
    mentions, troubles = read(
        "load.ktr", "<transformation><connection><name>e</name><server>db1</server></connection><step>"
    )
    assert ([m.server for m in mentions], [t.code for t in troubles]) == (["db1"], ["CONTENT_DAMAGED"])
