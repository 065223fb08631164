"""The map and its figures."""

from django.urls import path

from egspace import views

urlpatterns = [
    path("", views.map_page, name="map"),
    path("map.json", views.figure, name="map-figure"),
    path("cells/<str:key>/timeline.json", views.timeline, name="timeline"),
]
