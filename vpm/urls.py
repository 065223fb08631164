"""All doors."""

from django.contrib import admin
from django.urls import include, path

from cells.api import api, health
from egspace.api.standings import router as standings_router
from egspace.api.swarm import router as swarm_router

api.add_router("", swarm_router)
api.add_router("", standings_router)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", api.urls),
    path("health", health.page, name="health"),
    path("", include("cells.urls")),
    path("", include("egspace.urls")),
]
