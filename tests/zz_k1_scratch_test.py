from pathlib import Path
import pytest
from django.core.management import call_command
from letters.models import Letter
from signatories import delivery
from signatories.models import Signature, CoverText
from tests.factories import *
from tests.signatories.test_documents import SCRIPTS
pytestmark = pytest.mark.django_db
OUT = Path("/tmp/k1/pdf")

def test_real():
    call_command("import_letter", "/work/shared/letters/refugee-led-organizations-2025.txt", "--write", "--slug", "real", "--open")
    letter = Letter.objects.get(slug="real")
    codes = "KE UG DE FR JO LB TR GR IT ET SO SD SS CD RW BI TZ ZM ZA NG GH CM TD NE ML SN MA DZ TN EG IQ SY IR AF PK IN BD MM TH MY ID".split()
    for n, one in enumerate(Signature.objects.filter(letter=letter).order_by("pk")):
        Signature.objects.filter(pk=one.pk).update(country=codes[n % 41])
    geneva = make_recipient(letter, country="KE", office="H.E. the Permanent Representative", style_of_address="Excellency", mission="Permanent Mission of the Republic of Kenya to the United Nations Office at Geneva")
    for order in ("alphabet", "by_country", "own_country_first"):
        made = make_delivery(letter, recipient=geneva, order=order)
        (OUT / f"real-{order}.pdf").write_bytes(delivery.document(made).pdf)

def test_scripts():
    letter = make_letter(languages=("en","ar","fr"))
    letter.texts.filter(language="ar").update(title="أبقوا الباب مفتوحا", body="نحن، {organisations} منظمة، نطلب ما يلي.\n\n## ما نطلبه\n\n1. أن تبقى الحدود مفتوحة.\n2. أن تُسمع أصواتنا.")
    letter.texts.filter(language="fr").update(title="Gardez la porte ouverte", body="Nous, {organisations}, demandons.\n\n## Ce que nous demandons\n\n1. Restez.\n2. Écoutez.")
    for n,(s,name) in enumerate(SCRIPTS.items()):
        make_signature(letter, name=name, latin="Name in Latin letters" if n%2 else "", country=("KE","UG","DE","JO")[n%4])
    secret = make_signature(letter, name="Secret Circle", visibility="delivered_only", country="JO")
    for lang, c in (("en","GB"),("fr","FR"),("ar","JO")):
        r = make_recipient(letter, country=c, language=lang, office={"en":"Permanent Representative","fr":"Représentant permanent","ar":"المندوب الدائم"}[lang], mission={"en":"UK Mission","fr":"Mission permanente de la France","ar":"البعثة الدائمة للمملكة الأردنية الهاشمية"}[lang], style_of_address={"en":"Excellency","fr":"Monsieur l’Ambassadeur","ar":"صاحب السعادة"}[lang])
        if c == "FR": secret.excluded_recipients.add(r)
        made = make_delivery(letter, recipient=r, order="own_country_first" if lang=="ar" else "alphabet")
        (OUT / f"scripts-{lang}.pdf").write_bytes(delivery.document(made).pdf)
