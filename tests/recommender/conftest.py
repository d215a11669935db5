import pytest
from django.core.management import CommandError, call_command

from recommender.models import Order


@pytest.fixture
def import_file(tmp_path, capsys):
    """Write a file and import it; returns the summary line."""

    def run(content: str | bytes, *options: str, name: str = "orders.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        call_command("import_orders", str(path), *options)
        return capsys.readouterr().out

    return run


@pytest.fixture
def refusal(import_file):
    """Import a file that is refused; returns what is said about it."""

    def run(content: str | bytes, *options: str, name: str = "orders.csv") -> str:
        with pytest.raises(CommandError) as refused:
            import_file(content, *options, name=name)
        assert not Order.objects.exists()
        return str(refused.value)

    return run
