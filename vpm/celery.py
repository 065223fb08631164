"""The Celery app. The database row is the job; the broker only wakes workers up.

Without CELERY_BROKER_URL the embedded broker is kombu's SQLAlchemy transport on an SQLite file
(docs/decisions/2026-11-22-embedded-broker.md says why).
"""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vpm.settings")

# By name, so that SQLAlchemy is imported only where the embedded broker is used.
TRANSPORT_ALIASES["sqla"] = "vpm.embedded:Transport"

app = Celery("vpm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
