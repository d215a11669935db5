"""Pages of Django and of its apps in the theme of the rest: users, groups, and what guards the login."""

from axes.admin import AccessAttemptAdmin as AxesAttemptAdmin
from axes.admin import AccessLogAdmin as AxesLogAdmin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from salesai.model_admin import ModelAdmin

admin.site.index_title = "Dashboard"
for model in (User, Group, AccessAttempt, AccessLog):
    admin.site.unregister(model)
admin.site.unregister(AccessFailureLog)  # nothing is written there: attempts say the same


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(AccessAttempt)
class AccessAttemptAdmin(AxesAttemptAdmin, ModelAdmin):
    """Deleting the attempts of a person lets it try again at once."""

    list_filter = ("attempt_time",)


@admin.register(AccessLog)
class AccessLogAdmin(AxesLogAdmin, ModelAdmin):
    list_filter = ("attempt_time",)
