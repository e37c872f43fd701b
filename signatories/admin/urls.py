"""Pages of the desk that belong to no list: what leaves, what is brought in, and what is entered on behalf."""

from django.contrib import admin
from django.urls import path

from signatories.admin import behalf, exports, imports
from signatories.admin.reauthentication import authenticate_again

_at_the_desk = admin.site.admin_view

urlpatterns = [
    path("again/", _at_the_desk(authenticate_again), name="authenticate_again"),
    path("letters/letter/<int:pk>/export/", _at_the_desk(exports.export_letter), name="export_letter"),
    path("letters/letter/<int:pk>/import/", _at_the_desk(imports.import_list), name="import_list"),
    path("imports/<slug:public_id>/", _at_the_desk(imports.imported_list), name="imported_list"),
    path("letters/letter/<int:pk>/on-behalf/", _at_the_desk(behalf.enter_on_behalf), name="enter_on_behalf"),
    path("on-behalf/<slug:public_id>/", _at_the_desk(behalf.second_on_behalf), name="second_on_behalf"),
]
