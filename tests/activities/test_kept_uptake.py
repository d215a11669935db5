"""The quarter's figures are shown as they are kept, and reckoned anew while nobody waits."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from activities.kept_uptake import KEPT_FOR, uptake
from activities.models import KeptUptake
from activities.uptake import reckon_uptake

pytestmark = pytest.mark.django_db(transaction=True)


def keep_figures_of(age):
    figures = reckon_uptake().to_json()
    return KeptUptake.objects.create(at=timezone.now() - age, figures=figures, ordered_lines=[]).at


def wait_for_background():
    for thread in threading.enumerate():
        if thread.name == "reckon-uptake":
            thread.join()


def test_old_figures_are_shown_and_reckoned_anew_in_the_background():
    former = keep_figures_of(KEPT_FOR + timedelta(seconds=1))
    shown = uptake()

    wait_for_background()

    assert KeptUptake.objects.get().at > former
    assert uptake().at > shown.at


def test_young_figures_stay():
    former = keep_figures_of(KEPT_FOR - timedelta(minutes=1))
    uptake()

    wait_for_background()

    assert KeptUptake.objects.get().at == former
