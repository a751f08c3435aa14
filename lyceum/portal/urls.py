from django.contrib import admin
from django.urls import include, path

from lyceum.portal import media
from lyceum.portal.api import api
from lyceum.portal.health import health

handler400 = "lyceum.portal.failures.bad_request"
handler403 = "lyceum.portal.failures.forbidden"
handler404 = "lyceum.portal.failures.not_found"
handler500 = "lyceum.portal.failures.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("lyceum.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("lyceum.accounts.oauth_urls")),
    path("media/<path:path>", media.serve, name="media"),
    path("", include("lyceum.projects.urls")),
    path("", include("lyceum.datasets.urls")),
    path("", include("lyceum.serving.urls")),
    path("", include("lyceum.editor.urls")),
    path("", include("lyceum.tasks.urls")),
    path("", include("lyceum.competitions.urls")),
    path("", include("lyceum.notifications.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("lyceum.notebooks.urls")),
    path("api/v1/", api.urls),
    path("internal/health", health, name="health"),
]
