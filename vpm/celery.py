"""The Celery app. The database row is the job; the broker only wakes workers up.

Without CELERY_BROKER_URL the embedded broker is kombu's SQLAlchemy transport on an SQLite file
(docs/decisions/2026-11-22-embedded-broker.md says why).
"""

import os

from celery import Celery
from kombu.transport.sqlalchemy import Transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vpm.settings")

# The transport refuses this as an option; kombu's default of one second would be felt in the page.
Transport.polling_interval = 0.1

app = Celery("vpm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
