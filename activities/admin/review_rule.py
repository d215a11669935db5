"""The rules that fill the review queue, all on one page."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from activities.models import Activity, ReviewItem, ReviewRule
from activities.review import judge_all
from salesai.model_admin import ModelAdmin

MOST_JUDGED_HERE = 20_000  # activities that one request can look through in good time


class RuleForm(forms.ModelForm):
    """A rule's page or row of the list. It posts along what it showed: who saves the list saves all rules with it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True
            field.widget.attrs["aria-label"] = f"{self.instance}: {field.label}"

    def clean(self) -> dict[str, Any]:
        if any(self.is_stored_otherwise(name) for name, field in self.fields.items() if field.show_hidden_initial):
            raise ValidationError(
                f"{self.instance}: changed since this page was opened. Nothing was saved; open it anew and look."
            )
        return super().clean()

    def is_stored_otherwise(self, name: str) -> bool:
        """Than the page showed it."""
        shown = self.data.get(self[name].html_initial_name)
        return self.fields[name].has_changed(self.initial[name], shown)


@admin.register(ReviewRule)
class ReviewRuleAdmin(ModelAdmin):
    list_display = ("kind", "enabled", "threshold", "amount", "weight")
    list_editable = ("enabled", "threshold", "amount", "weight")
    form = RuleForm
    readonly_fields = ("kind",)
    list_before_template = "admin/activities/reviewrule/look_through.html"

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[RuleForm]:
        return super().get_changelist_form(request, form=RuleForm, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        look_through_view = self.admin_site.admin_view(self.look_through_view)
        return [
            path("look-through/", look_through_view, name="activities_reviewrule_look_through"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # there is one of each kind

    def has_delete_permission(self, request: HttpRequest, obj: ReviewRule | None = None) -> bool:
        return False  # it can be switched off

    def look_through_view(self, request: HttpRequest) -> HttpResponse:
        """From the button above the list."""
        rules = "admin:activities_reviewrule_changelist"
        if request.method != "POST":
            return self.back_to(request, rules)
        if not self.has_change_permission(request):
            raise PermissionDenied
        if Activity.objects.count() > MOST_JUDGED_HERE:
            advice = "Too many activities to look through here: run `manage.py review_activities`."
            self.message_user(request, advice, messages.ERROR)
            return redirect(rules)
        seen = judge_all()
        waiting = ReviewItem.objects.waiting().count()
        self.message_user(
            request, f"Looked through {seen:,} activities; {waiting:,} wait for review.", messages.SUCCESS
        )
        return redirect(rules)
