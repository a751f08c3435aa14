"""Where things lie inside the sandbox.

Variables move them, for a program without a sandbox: ``LYCEUM_SERVING_BUNDLE``,
``LYCEUM_SERVING_GATEWAY`` and ``LYCEUM_SERVING_OUT`` name the three folders. On another
machine than the gateway's, ``LYCEUM_SERVING_ADDRESS`` (host:port) leads there instead.
"""

import os


def _folder(name):
    return os.environ.get("LYCEUM_SERVING_" + name.upper(), "/serving/" + name)


def bundle(*names):
    """A path below the revision's folder."""
    return os.path.join(_folder("bundle"), *names)


def model_folder():
    """The folder of the chosen model files, laid out as in the project's home."""
    return bundle("model")


def socket():
    """The gateway's unix socket."""
    return os.path.join(_folder("gateway"), "socket")


def address():
    """The host and port that lead to the gateway; ``None`` where its socket does."""
    host, _, port = os.environ.get("LYCEUM_SERVING_ADDRESS", "").rpartition(":")
    return (host, int(port)) if host else None


def out(*names):
    """A path below the folder for the results of `inspect` and `try`."""
    return os.path.join(_folder("out"), *names)


def read_json(path):
    """The JSON value in the file ``path``; raises ``IOError``, ``OSError``, ``ValueError``."""
    import json  # not for the supervisor, which only needs to know where things lie

    with open(path, "rb") as file:
        return json.loads(file.read().decode("utf-8"))
