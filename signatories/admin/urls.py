"""Pages of the desk that belong to no list: what leaves, what is brought in, and what is entered on behalf."""

from django.contrib import admin
from django.urls import path

from letters import comment_desk
from signatories.admin import behalf, exports, imports, press, quotes, updates, versions, workshops

_at_the_desk = admin.site.admin_view

urlpatterns = [
    path("letters/letter/<int:pk>/export/", _at_the_desk(exports.export_letter), name="export_letter"),
    path("letters/letter/<int:pk>/import/", _at_the_desk(imports.import_list), name="import_list"),
    path("imports/<slug:public_id>/", _at_the_desk(imports.imported_list), name="imported_list"),
    path("letters/letter/<int:pk>/on-behalf/", _at_the_desk(behalf.enter_on_behalf), name="enter_on_behalf"),
    path(
        "letters/letter/<int:pk>/workshops/",
        _at_the_desk(workshops.workshops_of_letter),
        name="workshops_of_letter",
    ),
    path("workshops/<slug:public_id>/act/", _at_the_desk(workshops.act_on_workshop), name="act_on_workshop"),
    path(
        "letters/letter/<int:pk>/comments/",
        _at_the_desk(comment_desk.comments_of_letter),
        name="comments_of_letter",
    ),
    path("comments/<slug:public_id>/act/", _at_the_desk(comment_desk.act_on_comment), name="act_on_comment"),
    path("letters/letter/<int:pk>/press/", _at_the_desk(press.press_of_letter), name="press_of_letter"),
    path(
        "letters/letter/<int:pk>/press/link/", _at_the_desk(press.act_on_press_link), name="act_on_press_link"
    ),
    path(
        "press-contacts/<int:pk>/act/", _at_the_desk(press.act_on_press_contact), name="act_on_press_contact"
    ),
    path(
        "letters/letter/<int:pk>/spokespeople/",
        _at_the_desk(press.spokespeople_of_letter),
        name="spokespeople_of_letter",
    ),
    path("quotes/", _at_the_desk(quotes.quotes_to_decide), name="quotes_to_decide"),
    path("quotes/<slug:public_id>/act/", _at_the_desk(quotes.act_on_quote), name="act_on_quote"),
    path("letters/letter/<int:pk>/text/", _at_the_desk(versions.change_text), name="change_text"),
    path(
        "letters/letter/<int:pk>/text/preview/",
        _at_the_desk(versions.preview_version),
        name="preview_version",
    ),
    path("letters/letter/<int:pk>/text/act/", _at_the_desk(versions.act_on_version), name="act_on_version"),
    path(
        "letters/letter/<int:pk>/updates/", _at_the_desk(updates.updates_of_letter), name="updates_of_letter"
    ),
    path("letters/letter/<int:pk>/updates/write/", _at_the_desk(updates.write_update), name="write_update"),
    path("updates/<slug:public_id>/", _at_the_desk(updates.show_update), name="show_update"),
    path("updates/<slug:public_id>/text/", _at_the_desk(updates.rewrite_update), name="rewrite_update"),
    path("updates/<slug:public_id>/act/", _at_the_desk(updates.act_on_update), name="act_on_update"),
    path("letters/letter/<int:pk>/agreed/", _at_the_desk(versions.who_has_agreed), name="who_has_agreed"),
]
