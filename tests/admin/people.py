"""People who work in the admin."""

from django.contrib.auth.models import Group, User
from django.test import Client

from activities.roles import OPS, SALES_MANAGER

PASSWORD = "correct horse battery"


def ops_user(name: str = "olga") -> User:
    return staff(name, OPS)


def sales_manager(name: str = "sam") -> User:
    return staff(name, SALES_MANAGER)


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def staff(name: str, role: str) -> User:
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user
