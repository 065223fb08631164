from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cells", "0003_asks_and_verdicts")]
    operations: list[object] = []
