from django.urls import path

from lyceum.accounts import pages

app_name = "accounts"
urlpatterns = [
    path("accounts/language/", pages.choose_language, name="language"),
    path("accounts/profile/", pages.profile, name="profile"),
    path("accounts/avatar/", pages.avatar, name="avatar"),
    path("accounts/admin-link/<str:token>/", pages.admin_link, name="admin_link"),
    path("people/<int:user_id>/", pages.person, name="person"),
]
