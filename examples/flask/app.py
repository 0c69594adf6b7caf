"""A Flask application whose settings come from files."""

from flask import Flask
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(secrets_dir="/mnt/akv/settings")

    db_password: str
    session_key: str


app = Flask(__name__)


@app.get("/")
def index():
    # Read when it is needed: three small files in memory, and always the newest.
    settings = Settings()
    return {"length of the password": len(settings.db_password)}


if __name__ == "__main__":
    app.run(port=8080)
