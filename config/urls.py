"""Every address there is. English has no prefix; every other language has its code in front; data has none."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from config.health import healthz
from letters import views as letters
from signatories import live, public_documents
from signatories import views as signatories

admin.site.site_header = admin.site.site_title = "Undersigned"
admin.site.site_url = "/"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("admin/", include("signatories.admin.urls")),
    path("admin/", admin.site.urls),
    path("letters/<slug:slug>/live.json", live.live, name="live"),
    path("hosts/<slug:slug>/picture.jpg", letters.host_picture, name="host_picture"),
    *i18n_patterns(
        path("", letters.home, name="home"),
        path("hosts/<slug:slug>/", letters.host, name="host"),
        path("letters/<slug:slug>/", letters.letter, name="letter"),
        path("letters/<slug:slug>/signatories/", signatories.signatories, name="signatories"),
        path("letters/<slug:slug>/letter.pdf", public_documents.letter_pdf, name="letter_pdf"),
        path("letters/<slug:slug>/deliveries/", public_documents.deliveries, name="deliveries"),
        path("letters/<slug:slug>/sign/", signatories.sign, name="sign"),
        path("letters/<slug:slug>/sign/sent/", signatories.sign_sent, name="sign_sent"),
        path("g/<slug:key>/", letters.gathering_letter, name="gathering_letter"),
        path("g/<slug:key>/sign/", signatories.gathering_sign, name="gathering_sign"),
        path("g/<slug:key>/sign/sent/", signatories.gathering_sent, name="gathering_sent"),
        path("s/<str:token>/confirm/", signatories.confirm, name="confirm"),
        path("s/<str:token>/", signatories.own_page, name="own_page"),
        prefix_default_language=False,
    ),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
