from django.urls import path
from rest_framework.routers import SimpleRouter

from activities.master_data import ClientsView, OrdersView, ProductsView
from activities.views import ActivityViewSet

router = SimpleRouter(trailing_slash=False)
router.register("activity-ai-sales-order", ActivityViewSet, basename="activity")

urlpatterns = [
    *router.urls,
    path("clients", ClientsView.as_view()),
    path("products", ProductsView.as_view()),
    path("orders", OrdersView.as_view()),
]
