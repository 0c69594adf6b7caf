"""Settings of a Django project that come from files."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

FILES = Path("/mnt/akv/settings")


class Secrets(BaseSettings):
    model_config = SettingsConfigDict(secrets_dir=FILES)

    db_password: str


secrets = Secrets()
# A history is a folder: 0 is the newest version. After the very first version there is no other.
keys = [path.read_text() for path in sorted((FILES / "session_key").iterdir())]

SECRET_KEY = keys[0]
SECRET_KEY_FALLBACKS = keys[1:]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.contoso.com",
        "USER": "app",
        "PASSWORD": secrets.db_password,
        # As in the example `postgresql`.
        "OPTIONS": {"sslmode": "verify-full"},
    }
}
