"""What comes by the clock, as the admin shows it: when it ran last, how that went, and when it runs next."""

from django.urls import reverse

from activities.models import Schedule


def test_a_schedule_shows_its_last_run_how_it_went_and_its_next_run(admin_client):
    schedule = Schedule.objects.create(
        name="training", cron="0 1 * * *", next_run_at="2031-01-02T01:00Z", last_run_at="2031-01-01T01:00Z",
        last_finished_at="2031-01-01T01:07Z", last_outcome="failed", last_words="Version 2.7.0 stays a candidate.",
    )  # fmt: skip

    listed = admin_client.get(reverse("admin:activities_schedule_changelist")).content.decode()
    shown = admin_client.get(reverse("admin:activities_schedule_change", args=[schedule.pk])).content.decode()

    expected = ("0 1 * * *", "2031-01-01 01:00", "2031-01-01 01:07", "Failed", "2031-01-02 01:00")
    assert [text for text in expected if text not in listed] == []
    assert "Version 2.7.0 stays a candidate." in shown
