"""The OAuth provider's few addresses; no learner registers clients of their own."""

from django.urls import include, path
from oauth2_provider import views

from lyceum.accounts.oauth import userinfo

provider = [
    path("authorize/", views.AuthorizationView.as_view(), name="authorize"),
    path("token/", views.TokenView.as_view(), name="token"),
]

urlpatterns = [
    path("o/", include((provider, "oauth2_provider"))),
    path("internal/hub/userinfo", userinfo, name="hub_userinfo"),
]
