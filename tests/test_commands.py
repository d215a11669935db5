"""An operator mistypes an option, or something that a command needs is not there: one sentence says what."""

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("regenerate_activities --chunk 0", "--chunk: '0' is not a whole number from 1 to 100,000"),
        ("regenerate_activities --processes 0", "--processes: '0' is not"),
        ("regeneration_status --last=-3", "--last: '-3' is not"),
        ("work --jobs 0", "--jobs: '0' is not"),
        ("clean_up --days 1000000", "--days: '1000000' is not"),
        ("generate_demo_history --clients=-1", "--clients: '-1' is not"),
        ("train_recommender --seed=-1", "--seed: '-1' is not a whole number from 0 on"),
    ],
)
def test_a_number_that_is_none_is_refused_before_anything_begins(command, said):
    with pytest.raises(CommandError, match=said):
        call_command(*command.split())


@pytest.mark.parametrize("command", ["train_recommender", "evaluate_recommender"])
def test_nobody_learns_from_a_time_that_has_not_come(command):
    """A version of such data would refuse every later training for having older data."""
    with pytest.raises(CommandError, match="'2199-01-01' lies in the future"):
        call_command(command, "--until", "2199-01-01")
