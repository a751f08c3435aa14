from django.urls import path

from lyceum.notifications import pages

app_name = "notifications"

urlpatterns = [
    path("notifications/", pages.listing, name="list"),
    path("notifications/bell", pages.bell, name="bell"),
    path("notifications/read", pages.read_all, name="read_all"),
    path("notifications/settings/", pages.settings, name="settings"),
    path("notifications/<int:notification_id>/", pages.follow, name="follow"),
]
