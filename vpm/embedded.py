"""The embedded broker's transport: kombu's SQLAlchemy one, looked at ten times a second.

Kombu's default of one second would be felt in the page, and the transport refuses it as an option.
"""

from kombu.transport import sqlalchemy


class Transport(sqlalchemy.Transport):
    polling_interval = 0.1
