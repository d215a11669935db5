"""API keys: made with a token that is shown once, and revoked."""

from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from activities.admin.batches import confirmation_page
from activities.models import ApiKey
from salesai.model_admin import ModelAdmin

FINAL = "Whoever uses such a key is refused from then on. It cannot be undone."


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    list_display = ("name", "prefix", "rep", "read_only", "created_at", "last_used_at", "revoked_at")
    list_filter = ("read_only", "revoked_at")
    search_fields = ("name", "prefix", "rep")
    date_hierarchy = "created_at"
    fields = ("name", "rep", "read_only", "prefix", "created_at", "last_used_at", "revoked_at")
    readonly_fields = ("prefix", "created_at", "last_used_at", "revoked_at")
    actions: ClassVar = ["revoke"]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        # What a key may do is settled when it is made: whoever holds it has been told.
        return self.readonly_fields if obj is None else ("rep", "read_only", *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ModelForm, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        issued, token = ApiKey.issue(obj.name, obj.rep, obj.read_only)
        obj.pk, obj.prefix, obj.digest, obj.created_at = issued.pk, issued.prefix, issued.digest, issued.created_at
        self.message_user(request, f"API key: {token} (copy it now: it is not shown again)", messages.WARNING)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False  # a revoked key stays, so that its uses can be told

    @action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            return confirmation_page(self, request, queryset, "revoke", FINAL)
        for key in queryset:
            key.revoke()
        self.message_user(request, "Revoked.", messages.SUCCESS)
        return None
