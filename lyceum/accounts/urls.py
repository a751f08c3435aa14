from django.urls import path

from lyceum.accounts import pages

app_name = "accounts"
urlpatterns = [
    path("accounts/language/", pages.choose_language, name="language"),
    path("accounts/profile/", pages.profile, name="profile"),
    path("accounts/avatar/", pages.avatar, name="avatar"),
    path("accounts/tokens/", pages.tokens, name="tokens"),
    path("accounts/tokens/<int:token_id>/revoke/", pages.revoke_token, name="revoke_token"),
    path("accounts/admin-link/<str:token>/", pages.admin_link, name="admin_link"),
    path("people/<int:user_id>/", pages.person, name="person"),
]
