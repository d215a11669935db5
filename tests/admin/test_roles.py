"""What each role may do in the admin, by click and by crafted POST."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.urls import reverse

from activities.models import Activity, ReviewItem, ReviewRule
from recommender.models import Client, ModelVersion, Product
from tests.admin.people import ops_user, sales_manager

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house")]
CHANGES = ("add_", "change_", "delete_", "regenerate_", "answer_", "operate_")

# What is refused how: a list does not know an action that it does not offer, and goes back to itself.
FORBIDDEN, NO_SUCH_ACTION = 403, 302
POSTS = dict.fromkeys(
    ["regenerate", "cancel", "answer", "change", "delete", "decide", "rule", "look", "promote", "share", "train",
     "client", "product", "user", "key"],
    FORBIDDEN,
) | dict.fromkeys(["regenerate in list", "cancel in list", "delete in list"], NO_SUCH_ACTION)  # fmt: skip


@pytest.fixture
def activity(tool):
    return tool.generated(client="cafe-01", feedback={"comments": "never on Mondays"})["_id"]


def posts(activity):
    """Every address of the admin that changes something, with what would change it."""
    item, version = ReviewItem.objects.get(activity=activity), ModelVersion.objects.first()
    listed = {"_selected_action": [activity], "confirmed": "1"}
    return {
        "regenerate": ("activities_activity_act", [activity], {"act": "regenerate"}),
        "cancel": ("activities_activity_act", [activity], {"act": "cancel"}),
        "answer": ("activities_activity_feedback", [activity], {"rating": "1", "build": "all"}),
        "change": ("activities_activity_change", [activity], {"status": "failed"}),
        "delete": ("activities_activity_delete", [activity], {"post": "yes"}),
        "regenerate in list": ("activities_activity_changelist", [], {"action": "regenerate"} | listed),
        "cancel in list": ("activities_activity_changelist", [], {"action": "cancel"} | listed),
        "delete in list": ("activities_activity_changelist", [], {"action": "delete_selected", "post": "yes"} | listed),
        "decide": ("activities_reviewitem_decide", [item.pk], {"decision": "close", "reason": "solved"}),
        "rule": ("activities_reviewrule_change", [ReviewRule.objects.first().pk], {"threshold": "9", "weight": "1"}),
        "look": ("activities_reviewrule_look_through", [], {}),
        "promote": ("recommender_modelversion_promote", [version.pk], {"percent": "100"}),
        "share": ("recommender_modelversion_promote", [version.pk], {"percent": "50"}),
        "train": ("recommender_modelversion_train", [], {}),
        "client": ("recommender_client_change", [Client.objects.first().pk], {"external_id": "x", "name": "x"}),
        "product": ("recommender_product_add", [], {"external_id": "x"}),
        "user": ("auth_user_add", [], {"username": "mallory"}),
        "key": ("activities_apikey_add", [], {"name": "stolen"}),
    }  # fmt: skip


def state():
    """All that a post could change."""
    return [
        list(Activity.objects.order_by("pk").values("status", "feedback", "updated_at")),
        list(ReviewItem.objects.order_by("pk").values("state", "note", "reason")),
        list(ReviewRule.objects.order_by("pk").values("threshold", "weight", "enabled")),
        list(ModelVersion.objects.order_by("pk").values("status", "traffic_share")),
        list(Client.objects.order_by("pk").values("name", "external_id")),
        Product.objects.count(),
    ]


@pytest.mark.parametrize(("what", "status"), POSTS.items())
def test_a_sales_manager_changes_nothing_by_a_crafted_post(manager, activity, what, status):
    name, args, data = posts(activity)[what]
    before = state()

    answer = manager.post(reverse(f"admin:{name}", args=args), data)

    assert state() == before
    assert answer.status_code == status


@pytest.mark.parametrize("page", ["activities_activity", "activities_reviewitem", "recommender_modelversion"])
def test_a_sales_manager_sees_no_button_that_changes(ops, manager, activity, page):
    objects = {"activities_activity": activity, "activities_reviewitem": ReviewItem.objects.get(activity=activity).pk,
               "recommender_modelversion": ModelVersion.objects.first().pk}  # fmt: skip

    addresses = [reverse(f"admin:{page}_changelist"), reverse(f"admin:{page}_change", args=[objects[page]])]

    of_manager, of_ops = ("".join(each.get(path).content.decode() for path in addresses) for each in (manager, ops))

    assert "ops-button" in of_ops
    assert "ops-button" not in of_manager
    assert ('value="regenerate"' in of_ops) == (page == "activities_activity")
    assert 'value="regenerate"' not in of_manager


@pytest.mark.parametrize(("person", "pages"), [(sales_manager, 13), (ops_user, 13)])
def test_the_sidebar_shows_just_what_a_person_may_open(client, activity, person, pages):
    client.force_login(person())
    home = client.get(reverse("admin:index"))
    items = [item for group in home.context["sidebar_navigation"] for item in group["items"]]

    opened = {str(item["link"]): client.get(item["link"]).status_code for item in items if item["has_permission"]}

    assert set(opened.values()) == {200}
    assert len(opened) == pages
    assert reverse("admin:auth_user_changelist") not in home.content.decode()


@pytest.mark.parametrize("what", ["regenerate", "answer", "decide", "promote", "train"])
def test_who_had_to_log_in_between_a_button_and_what_it_does_is_told_on_the_page_of_the_button(ops, activity, what):
    name, args, _ = posts(activity)[what]
    before = state()

    page = ops.get(reverse(f"admin:{name}", args=args), follow=True)

    buttons = reverse("admin:" + name.rpartition("_")[0] + ("_change" if args else "_changelist"), args=args)
    assert page.redirect_chain == [(buttons, 302)]
    assert "Nothing was saved or begun. Do it again here." in page.content.decode()
    assert state() == before


def test_who_has_no_role_is_told_whom_to_ask(client):
    client.force_login(User.objects.create_user("newcomer", is_staff=True))

    page = client.get(reverse("admin:index")).content.decode()

    assert "You have no role yet, so there is nothing to open. Ask whoever runs Sales AI to give you one." in page


def test_a_sales_manager_reads_and_exports(manager, activity):
    address = reverse("admin:activities_activity_changelist")

    export = manager.post(address, {"action": "export_csv", "_selected_action": [activity]})

    assert activity in b"".join(export.streaming_content).decode()
    assert "Ordered in " in manager.get(reverse("admin:activities_activity_change", args=[activity])).content.decode()


@pytest.mark.parametrize("what", ["change", "delete", "delete in list", "client", "product", "user", "key"])
def test_ops_does_what_its_work_is_and_no_more(ops, activity, what):
    name, args, data = posts(activity)[what]
    before = state()

    answer = ops.post(reverse(f"admin:{name}", args=args), data)

    assert state() == before
    assert answer.status_code == POSTS[what]


def test_a_migration_makes_the_roles_exactly_what_they_are_again(db):
    Group.objects.get(name="Ops").delete()
    manager = Group.objects.get(name="Sales manager")
    manager.permissions.add(Permission.objects.get(codename="delete_activity"))

    call_command("migrate", verbosity=0)

    codenames = set(manager.permissions.values_list("codename", flat=True))
    assert not [codename for codename in codenames if codename.startswith(CHANGES)]
    ops = set(Group.objects.get(name="Ops").permissions.values_list("codename", flat=True))
    assert {codename for codename in ops if codename.startswith(CHANGES)} == {
        "regenerate_activity", "answer_activity", "change_reviewitem", "change_reviewrule", "operate_modelversion",
    }  # fmt: skip
    assert codenames < ops
