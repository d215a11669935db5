"""How gunicorn serves the project: `gunicorn --config salesai/gunicorn.conf.py`.

From the environment: PORT, WEB_CONCURRENCY (processes), WEB_THREADS (of each process) and
WEB_TIMEOUT_SECONDS. Each thread keeps a connection: all of them must fit into the database's
max_connections.
"""

import contextlib
import gc
import os
import shutil
import tempfile
import threading

from django.apps import apps
from django.conf import settings
from django.db import Error, connections
from gunicorn import util
from gunicorn.http import message

from salesai.checks import NOT_COLLECTED, files_are_collected
from salesai.environment import whole_number
from salesai.gunicorn_errors import write_error
from salesai.settings import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesai.settings")

util.write_error = write_error

wsgi_app = "salesai.wsgi:application"
bind = f"0.0.0.0:{whole_number(env, 'PORT', default=8000)}"
workers = whole_number(env, "WEB_CONCURRENCY", default=2)
worker_class = "gthread"
# More threads wait for their turn at the interpreter (docs/performance.md has the figures).
threads = whole_number(env, "WEB_THREADS", default=2)

# A process that has not answered its parent for so long is replaced; one that ends may finish
# the requests it has.
timeout = whole_number(env, "WEB_TIMEOUT_SECONDS", default=60)
graceful_timeout = 30
# The list's `filter` may have 8,000 characters, more than gunicorn's largest limit once it is encoded. Without
# a limit, a line that does not end keeps a core.
limit_request_line = message.MAX_REQUEST_LINE = 128 * 1024
keepalive = 5
control_socket_disable = True  # it would be written to the home folder

# Each request has its line already (salesai/request_log.py); gunicorn's own lines get the same form.
accesslog = None
logconfig_dict = settings.LOGGING | {
    "loggers": settings.LOGGING["loggers"] | {"gunicorn.error": {"handlers": [], "propagate": True}}
}


def when_ready(server) -> None:
    # Not above: this file is read again at each reload, and also where nothing comes to be served.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="salesai-metrics-")
    if not files_are_collected():
        server.log.error(NOT_COLLECTED)


def on_exit(server) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def child_exit(server, worker) -> None:
    from prometheus_client import multiprocess  # which looks for the folder when it is imported

    multiprocess.mark_process_dead(worker.pid)


def post_worker_init(worker) -> None:
    """The process answers at once; meanwhile what the first generation would have to wait for is read."""
    threading.Thread(target=warm_up, daemon=True).start()


def warm_up() -> None:
    if not apps.ready:  # what gunicorn serves is not the service
        return
    from recommender import registry
    from recommender.errors import DamagedArtifactError, NoModelError

    # Whatever is wrong, the first request that needs the model will say it.
    with contextlib.suppress(NoModelError, DamagedArtifactError, Error):
        for version in registry.active_versions():
            registry.load(version)
    connections.close_all()
    # What libraries and model made stays for good: the garbage collector need not walk over it, 0.1 s each time.
    gc.collect()
    gc.freeze()
