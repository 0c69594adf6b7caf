"""Stands for an old program: it reads an INI file at its start and at SIGHUP, refuses links, and writes a PID file."""

import configparser
import os
import signal

CONFIGURATION, PID_FILE = "/mnt/akv/app.ini", "/run/app/app.pid"


def read(*_):
    descriptor = os.open(CONFIGURATION, os.O_RDONLY | os.O_NOFOLLOW)
    with open(descriptor) as file:
        # Without interpolation, so that a `%` in a password is one.
        configuration = configparser.ConfigParser(interpolation=None)
        configuration.read_file(file)
    print("user", configuration["database"]["user"], "password of", len(configuration["database"]["password"]), flush=True)


signal.signal(signal.SIGHUP, read)
read()
with open(PID_FILE, "w") as file:
    file.write(str(os.getpid()))
while True:
    signal.pause()
