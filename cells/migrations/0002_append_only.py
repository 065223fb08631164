"""The database itself refuses to change an audit event."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SENTENCE = "Audit events are append-only."

MAKE = {
    "sqlite": [
        f"""CREATE TRIGGER audit_append_only BEFORE UPDATE ON cells_auditevent
            BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"""
    ],
    "postgresql": [
        f"""CREATE FUNCTION refuse_audit_change() RETURNS trigger AS $$
            BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$ LANGUAGE plpgsql""",
        """CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON cells_auditevent
           FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()""",
    ],
}
DROP = {
    "sqlite": ["DROP TRIGGER audit_append_only"],
    "postgresql": ["DROP TRIGGER audit_append_only ON cells_auditevent", "DROP FUNCTION refuse_audit_change()"],
}


def make(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    for statement in MAKE.get(schema.connection.vendor, []):
        schema.execute(statement)


def drop(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    for statement in DROP.get(schema.connection.vendor, []):
        schema.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("cells", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
