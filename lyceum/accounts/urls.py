from django.urls import path

from lyceum.accounts import pages

app_name = "accounts"
urlpatterns = [
    path("accounts/language/", pages.choose_language, name="language"),
    path("accounts/profile/", pages.profile, name="profile"),
    path("people/<int:user_id>/", pages.person, name="person"),
]
