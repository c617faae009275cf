"""The state's migrations, run by Alembic."""
