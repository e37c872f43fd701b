"""Every address there is. English has no prefix; every other language has its code in front; data has none."""

from allauth.account.views import logout
from allauth.mfa.webauthn.views import login_webauthn
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_POST

from config import sitemap
from config.health import healthz
from letters import views as letters
from signatories import (
    answering,
    archive,
    cards,
    commenting,
    embedding,
    feeds,
    live,
    maps,
    news,
    open_data,
    posters,
    press,
    public_documents,
    public_list,
    screens,
    sharing,
    subscription,
)
from signatories import views as signatories
from signatories.entrance import views as entrance

# The names are django-allauth's, which asks for them; whatever else it has is not there.
_account = [
    path("", entrance.Account.as_view(), name="mfa_index"),
    path("login/", entrance.Login.as_view(), name="account_login"),
    path("login/code/", entrance.Authenticate.as_view(), name="mfa_authenticate"),
    path("login/passkey/", login_webauthn, name="mfa_login_webauthn"),
    path("logout/", require_POST(logout), name="account_logout"),
    path("confirm/password/", entrance.ConfirmPassword.as_view(), name="account_reauthenticate"),
    path("confirm/code/", entrance.ConfirmCode.as_view(), name="mfa_reauthenticate"),
    path("confirm/passkey/", entrance.ConfirmKey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("app/", entrance.EnrolApp.as_view(), name="mfa_activate_totp"),
    path("app/remove/", entrance.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("passkeys/add/", entrance.AddKey.as_view(), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/remove/", entrance.RemoveKey.as_view(), name="mfa_remove_webauthn"),
    path("recovery-codes/", entrance.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("recovery-codes/new/", entrance.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("password/", entrance.ChangePassword.as_view(), name="account_change_password"),
    path("password/forgotten/", entrance.ResetPassword.as_view(), name="account_reset_password"),
    path("password/new/<int:pk>/<str:key>/", entrance.new_password, name="account_new_password"),
    path("<path:rest>", entrance.nowhere, name="account_nowhere"),
]
urlpatterns = [
    # Tried in this order, and on the day of publication that counts: open pages and readers first, the desk last.
    path("letters/<slug:slug>/live.json", live.live, name="live"),
    *i18n_patterns(
        path("letters/<slug:slug>/", letters.letter, name="letter"),
        path("", letters.home, name="home"),
        path("hosts/<slug:slug>/", letters.host, name="host"),
        path("letters/<slug:slug>/signatories/", public_list.signatories, name="signatories"),
        path("letters/<slug:slug>/wall/", screens.event_wall, name="event_wall"),
        path("letters/<slug:slug>/map.svg", maps.world_map, name="map"),
        path("letters/<slug:slug>/letter.pdf", public_documents.letter_pdf, name="letter_pdf"),
        path("letters/<slug:slug>/archive/", archive.archive, name="archive"),
        *(
            path(
                f"letters/<slug:slug>/letter.{suffix}",
                archive.letter_file,
                {"suffix": suffix},
                f"letter_{suffix}",
            )
            for suffix in archive.FORMATS
        ),
        path("letters/<slug:slug>/press/", press.press_page, name="press"),
        path("letters/<slug:slug>/counting/", press.counting, name="counting"),
        path("letters/<slug:slug>/as-of/<slug:public_id>/", press.statement, name="statement"),
        path("letters/<slug:slug>/versions/", letters.versions, name="versions"),
        path("letters/<slug:slug>/versions/<int:number>/", letters.version, name="version"),
        path("letters/<slug:slug>/deliveries/", public_documents.deliveries, name="deliveries"),
        path("letters/<slug:slug>/news/", news.news, name="news"),
        path("letters/<slug:slug>/feed.atom", feeds.feed, name="feed"),
        path("letters/<slug:slug>/embed/", embedding.embed, name="embed"),
        path("letters/<slug:slug>/embed/code/", embedding.code, name="embed_code"),
        path("letters/<slug:slug>/share/", sharing.share, name="share"),
        path("letters/<slug:slug>/card.png", cards.card, name="card"),
        path("letters/<slug:slug>/poster.pdf", posters.poster, name="poster"),
        path("letters/<slug:slug>/sign/", signatories.sign, name="sign"),
        path("letters/<slug:slug>/sign/sent/", signatories.sign_sent, name="sign_sent"),
        path("g/<slug:key>/", letters.gathering_letter, name="gathering_letter"),
        path("g/<slug:key>/sign/", signatories.gathering_sign, name="gathering_sign"),
        path("g/<slug:key>/sign/sent/", signatories.gathering_sent, name="gathering_sent"),
        path("g/<slug:key>/comments/", commenting.gathering_comments, name="gathering_comments"),
        path("p/<slug:key>/", press.embargoed, name="embargoed"),
        path("w/<str:code>/", signatories.workshop, name="workshop"),
        path("w/<str:code>/sign/", signatories.workshop_sign, name="workshop_sign"),
        path("w/<str:code>/sign/sent/", signatories.workshop_sent, name="workshop_sent"),
        path("i/<str:token>/", answering.invitation, name="invitation"),
        path("i/<str:token>/sign/", answering.sign, name="invitation_sign"),
        path("u/<str:token>/", subscription.unsubscribe, name="unsubscribe"),
        path("s/<str:token>/confirm/", signatories.confirm, name="confirm"),
        path("s/<str:token>/agree/", signatories.agree, name="agree"),
        path("s/<str:token>/vouch/", signatories.vouch, name="vouch"),
        path("s/<str:key>/signed.png", cards.signed_card, name="signed_card"),
        path("s/<str:token>/press/", press.own_press, name="own_press"),
        path("s/<str:token>/", signatories.own_page, name="own_page"),
        prefix_default_language=False,
    ),
    path("healthz", healthz, name="healthz"),
    path("sitemap.xml", sitemap.sitemap, name="sitemap"),
    path("robots.txt", sitemap.robots, name="robots"),
    path("letters/<slug:slug>/signatories.json", open_data.as_json, name="signatories_json"),
    path("letters/<slug:slug>/signatories.csv", open_data.as_csv, name="signatories_csv"),
    path("hosts/<slug:slug>/picture.jpg", letters.host_picture, name="host_picture"),
    path("admin/account/", include(_account)),
    path("admin/", include("signatories.admin.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
