from lyceum.competitions.pages import hall_urls, organiser_urls, team_urls

app_name = "competitions"

urlpatterns = [*hall_urls.urlpatterns, *team_urls.urlpatterns, *organiser_urls.urlpatterns]
