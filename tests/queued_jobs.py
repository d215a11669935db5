"""What waits for the workers."""

from procrastinate.contrib.django.models import ProcrastinateJob

from activities.tasks import give_up


def jobs():
    return list(ProcrastinateJob.objects.filter(status="todo").order_by("id").values_list("task_name", "args"))


def workers_die_over(job):
    """As the worker that finds the job does, when so many have died that it is not begun again."""
    give_up(job.pk, job.task_name, job.args, "3 workers died over it.")
