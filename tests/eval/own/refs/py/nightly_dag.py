from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
with DAG("nightly") as dag:
    wait = S3KeySensor(task_id="wait", bucket_name="northmoor-intake", bucket_key="council/ready.flag", aws_conn_id="aws_intake")
    load = SQLExecuteQueryOperator(task_id="load", conn_id="warehouse_pg", sql="INSERT INTO mart.daily SELECT * FROM stage.daily")
