"""A list of activities as DRF's tutorial writes it: ModelSerializer and LimitOffsetPagination."""

from django.urls import include, path
from rest_framework import routers, serializers, viewsets
from rest_framework.pagination import LimitOffsetPagination

from activities.documents import FIELDS
from activities.models import Activity


class ActivitySerializer(serializers.ModelSerializer):
    class Meta:
        model = Activity
        fields = list(FIELDS.values())


class ActivityViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Activity.objects.defer("search_text")
    serializer_class = ActivitySerializer
    pagination_class = LimitOffsetPagination


router = routers.DefaultRouter()
router.register("activities", ActivityViewSet)
urlpatterns = [path("", include(router.urls))]
