import os
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "consultations",
        "USER": "web",
        "PASSWORD": "Otter-9931",
        "HOST": "pgweb01",
        "PORT": "5432",
    },
    "archive": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/consult/archive.sqlite3"},
}
BROKER_URL = "amqp://tasks:Otter-9931@rabbit01:5672/consult"
SECRET_KEY = os.environ["SECRET_KEY"]
