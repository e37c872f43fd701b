"""Work in the background, to read: which tasks failed, and how."""

from django.contrib import admin
from django_tasks_db.admin import DBTaskResultAdmin
from django_tasks_db.models import DBTaskResult

from letters.desk import Guarded

admin.site.unregister(DBTaskResult)


@admin.register(DBTaskResult)
class TaskAdmin(Guarded, DBTaskResultAdmin):
    """What the package shows of tasks, without the filters that read the whole table."""

    list_filter = ("status",)  # type: ignore[assignment]  # the package says that there are three
