"""The audit chain: a link for each event. The database itself refuses to change one."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

MAKE = {
    "sqlite": [
        """CREATE TRIGGER audit_link_append_only BEFORE UPDATE ON cells_auditlink
           BEGIN SELECT RAISE(ABORT, 'Audit events are append-only.'); END"""
    ],
    # The function is that of 0002.
    "postgresql": [
        """CREATE TRIGGER audit_link_append_only BEFORE UPDATE OR DELETE ON cells_auditlink
           FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"""
    ],
}
DROP = {
    "sqlite": ["DROP TRIGGER audit_link_append_only"],
    "postgresql": ["DROP TRIGGER audit_link_append_only ON cells_auditlink"],
}


def make(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    for statement in MAKE.get(schema.connection.vendor, []):
        schema.execute(statement)


def drop(apps: StateApps, schema: BaseDatabaseSchemaEditor) -> None:
    for statement in DROP.get(schema.connection.vendor, []):
        schema.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("cells", "0003_asks_and_verdicts")]
    operations = [
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                ("seq", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="link", to="cells.auditevent"
                    ),
                ),
            ],
            options={
                "ordering": ["-seq"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("seq__gte", 1)), name="audit_chain_starts_at_one")
                ],
            },
        ),
        migrations.RunPython(make, drop),
    ]
