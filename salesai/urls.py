from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from activities.errors import bad_request, for_reading, not_found, server_error
from activities.service_views import DocsView, MetricsView, OpenAPIView
from salesai.health import healthz, readyz
from salesai.middleware import ADMIN

to_admin = for_reading(RedirectView.as_view(pattern_name="admin:index"))

urlpatterns = [
    path("", to_admin),
    path(ADMIN.strip("/"), to_admin),
    # Django's way from a page of the admin to that of the site, of which there is none.
    re_path(rf"^{ADMIN.lstrip('/')}r/", not_found),
    path(ADMIN.lstrip("/"), admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("openapi.json", OpenAPIView.as_view(), name="openapi"),
    path("docs", DocsView.as_view(), name="docs"),
    path("metrics", MetricsView.as_view()),
    path("", include("activities.urls")),
    # An unknown route gets the API's envelope, also where DEBUG would show Django's own page.
    re_path(r"", not_found),
]

handler400 = bad_request
handler404 = not_found
handler500 = server_error
