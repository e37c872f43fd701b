"""Lists gathered elsewhere, what was entered on behalf in the queue, and the right to export contacts."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
import signatories.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('letters', '0004_recipient_email'),
        ('signatories', '0006_delivery'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='contact',
            options={'permissions': [('export_contact', 'Can export contacts')], 'verbose_name': 'contact', 'verbose_name_plural': 'contacts'},
        ),
        migrations.AlterField(
            model_name='signature',
            name='channel',
            field=models.CharField(choices=[('form', 'Form'), ('import', 'Imported list'), ('on_behalf', 'Entered on behalf'), ('list', 'List gathered elsewhere')], default='form', max_length=16, verbose_name='channel'),
        ),
        migrations.CreateModel(
            name='ImportFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=signatories.models.new_public_id, editable=False, max_length=16, unique=True)),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='when')),
                ('status', models.CharField(choices=[('read', 'Read; its columns are to be named'), ('checked', 'Compared; nothing is written yet'), ('writing', 'Being written'), ('stopped', 'Stopped half-way'), ('written', 'Written')], default='read', max_length=16, verbose_name='status')),
                ('fingerprint', models.CharField(editable=False, max_length=64)),
                ('sealed', models.BinaryField(default=bytes)),
                ('columns', models.JSONField(default=dict)),
                ('consent', models.CharField(choices=[('column', 'A column of the list says who agreed to be named'), ('stated', 'All of them agreed to be named, and we can show it'), ('unknown', 'We do not know: they are counted and not named')], default='unknown', max_length=16, verbose_name='consent')),
                ('channel', models.CharField(blank=True, choices=[('phone', 'By phone'), ('paper', 'On paper'), ('chat', 'In a chat'), ('in_person', 'In person'), ('other_form', 'On another form')], max_length=16, verbose_name='how they agreed')),
                ('evidence', models.TextField(blank=True, max_length=1000, verbose_name='evidence')),
                ('visibility', models.CharField(choices=[('public', 'Everyone: the name stands on the public page'), ('delivered_only', 'The recipients alone: the name stands in the documents handed to them'), ('counted_only', 'Nobody: the organisation is counted, never named')], default='counted_only', max_length=16, verbose_name='who may see the names')),
                ('language', models.CharField(choices=[('am', 'አማርኛ'), ('ar', 'العربية'), ('bn', 'বাংলা'), ('ckb', 'کوردیی ناوەندی'), ('de', 'Deutsch'), ('el', 'Ελληνικά'), ('en', 'English'), ('es', 'Español'), ('fa', 'فارسی'), ('fr', 'Français'), ('ha', 'Hausa'), ('hi', 'हिन्दी'), ('id', 'Indonesia'), ('it', 'Italiano'), ('ja', '日本語'), ('ka', 'Ქართული'), ('ko', '한국어'), ('ku', 'Kurdî (kurmancî)'), ('ln', 'Lingála'), ('my', 'မြန်မာ'), ('ne', 'नेपाली'), ('nl', 'Nederlands'), ('om', 'Oromoo'), ('pl', 'Polski'), ('ps', 'پښتو'), ('pt', 'Português'), ('rn', 'Ikirundi'), ('ro', 'Română'), ('ru', 'Русский'), ('rw', 'Ikinyarwanda'), ('sn', 'ChiShona'), ('so', 'Soomaali'), ('sr', 'Српски'), ('sv', 'Svenska'), ('sw', 'Kiswahili'), ('ta', 'தமிழ்'), ('th', 'ไทย'), ('ti', 'ትግርኛ'), ('tr', 'Türkçe'), ('uk', 'Українська'), ('ur', 'اردو'), ('vi', 'Tiếng Việt'), ('wo', 'Wolof'), ('yo', 'Èdè Yorùbá'), ('zh', '中文'), ('zu', 'IsiZulu')], max_length=8, verbose_name='language of its mails')),
                ('asks_by_mail', models.BooleanField(default=False, verbose_name='asks each to confirm')),
                ('takes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('letter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='letters.letter', verbose_name='letter')),
            ],
            options={
                'verbose_name': 'imported list',
                'verbose_name_plural': 'imported lists',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField(verbose_name='line')),
                ('sealed', models.BinaryField(default=bytes)),
                ('verdict', models.CharField(choices=[('new', 'New'), ('like', 'Probably there already'), ('junk', 'Hardly the name of an organisation'), ('there', 'Already there'), ('repeated', 'Twice in this list'), ('ended', 'Withdrawn or rejected before'), ('unreadable', 'Unreadable')], max_length=16)),
                ('why', models.CharField(blank=True, max_length=24)),
                ('same_as_line', models.PositiveIntegerField(null=True)),
                ('likeness', models.FloatField(default=0)),
                ('result', models.CharField(blank=True, choices=[('written', 'Written'), ('signed_meanwhile', 'Signed meanwhile by itself'), ('mailbox_signed', 'Its mailbox has signed for this name before'), ('refused', 'Refused by the database'), ('not_opened', 'Sealed with a key that is missing')], max_length=20)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='signatories.importfile')),
                ('resembles', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='signatories.signature')),
                ('signature', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='signatories.signature')),
            ],
            options={
                'verbose_name': 'row of an imported list',
                'verbose_name_plural': 'rows of imported lists',
                'ordering': ['line'],
            },
        ),
        # A generated field is not altered: what was entered on behalf waits in the queue from now on.
        migrations.RemoveIndex(
            model_name='signature',
            name='the_queue',
        ),
        migrations.RemoveField(
            model_name='signature',
            name='queued_at',
        ),
        migrations.AddField(
            model_name='signature',
            name='queued_at',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(status__in=('awaiting_moderation', 'held'), then=django.db.models.functions.comparison.Coalesce('confirmed_at', 'created_at')), models.When(by_phone=True, status='unconfirmed', then='created_at'), models.When(channel='on_behalf', mails_before_confirmed=0, status='unconfirmed', then='created_at'), models.When(models.Q(('status', 'published'), models.Q(('question', ''), _negated=True)), then='asked_at')), output_field=models.DateTimeField(null=True), verbose_name='waits since'),
        ),
        migrations.AddIndex(
            model_name='signature',
            index=models.Index(condition=models.Q(('queued_at__isnull', False)), fields=['queued_at', 'id'], name='the_queue'),
        ),
        migrations.AddConstraint(
            model_name='importfile',
            constraint=models.CheckConstraint(condition=models.Q(('consent', 'unknown'), models.Q(('channel', ''), _negated=True), _connector='OR'), name='a_list_with_consent_says_how_it_was_given'),
        ),
        migrations.AddConstraint(
            model_name='importfile',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('consent', 'unknown'), _negated=True), ('visibility', 'counted_only'), _connector='OR'), name='a_list_without_consent_names_nobody'),
        ),
        migrations.AddIndex(
            model_name='importrow',
            index=models.Index(fields=['file', 'verdict', 'line'], name='rows_of_a_verdict'),
        ),
        migrations.AddConstraint(
            model_name='importrow',
            constraint=models.UniqueConstraint(fields=('file', 'line'), name='a_row_of_a_list_is_read_once'),
        ),
    ]
