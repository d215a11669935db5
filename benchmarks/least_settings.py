"""The project's database behind Django alone: no middleware, no keys, no DRF."""

from salesai.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.least_service"
MIDDLEWARE = []
