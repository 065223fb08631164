"""The map and its figures."""

from django.urls import path

from egspace.views import cells as cell_views
from egspace.views import map as views
from egspace.views import near as near_views
from egspace.views import slider

urlpatterns = [
    path("", views.map_page, name="map"),
    path("map.json", views.figure, name="map-figure"),
    path("map/steps.json", slider.steps_of, name="map-steps"),
    path("map/gone/<str:key>/", slider.gone, name="map-gone"),
    path("cells/<str:key>/timeline.json", views.timeline, name="timeline"),
    path("cells/<str:key>/delta.json", cell_views.delta, name="delta"),
    path("cells/<str:key>/story/", cell_views.history, name="story"),
    path("cells/<str:key>/why/", cell_views.why, name="why"),
    path("projects/<str:key>/", cell_views.project, name="project"),
    path("projects/<str:key>/delta.json", cell_views.delta, {"kind": "project"}, name="project-delta"),
    path("map/past/<str:key>/", cell_views.past, name="past"),
    path("patches/<int:pk>/forecast/", cell_views.forecast, name="forecast"),
    path("evidence/<int:pk>/near/", near_views.near_to, name="near-to"),
    path("near/", near_views.search, name="near"),
]
