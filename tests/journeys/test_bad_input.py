"""Whatever is sent to the public forms: a kind answer beside the field, all that was typed kept, never an error."""

from io import BytesIO
from urllib.parse import quote_plus

import pytest
from bs4 import BeautifulSoup
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signatories import tokens
from signatories.contacts import unseal
from signatories.models import Contact, Purpose, Signature
from tests.factories import make_letter, make_signature, sign_form

pytestmark = pytest.mark.django_db

FORM = "/letters/asylum/sign/"
URLENCODED = "application/x-www-form-urlencoded"
ZALGO = "Z" + "\u0300\u0301\u0302\u0303\u0304\u0305\u0306" * 4 + "algo"
SCRIPT = "\"><script>alert('1')</script>"
CONTROLS = ["Blue\x00Kettle", "Blue\x07Kettle", "Blue\x1bKettle", "Blue\x7fKettle", "Blue\x85\x9fKettle"]
BROKEN = ["Blue\ue000Kettle", "Blue\uffffKettle", "Blue\u0378Kettle", "Blue\U000e0fffKettle"]
EMPTY_LOOKING = ["\u2800\u3164\u200b", "\u202e\u2066", "\u00ad", "...", "🫖", "\u0301", "-\u200d-"]
TOO_LONG = ["K" * 256, "K" * 10_000, "ﷺ" * 400, "é̱" * 300]

REFUSED = {
    "organisation": ["", " \t ", *CONTROLS, *BROKEN, *EMPTY_LOOKING, *TOO_LONG, ZALGO],
    "organisation_latin": [*CONTROLS, *BROKEN, *EMPTY_LOOKING[3:], *TOO_LONG, ZALGO],
    "country": ["", "ZZ", "EU", "ke", "KEN", "K", "404", "\x00", SCRIPT, "KE\r\nX: y", "K" * 10_000],
    "kind": ["", "Refugee_led", "government", "\x00", SCRIPT, "k" * 10_000],
    "website": [
        "javascript:alert(1)",
        "JAVASCRIPT://kettle.example/%0aalert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>1</script>",
        "file:///etc/passwd",
        "ftp://kettle.example",
        "mailto:amina@kettle.example",
        "https://user:password@kettle.example",
        "https://kettle.example@evil.example",
        "http://[::1",
        "https://",
        "//",
        "not an address",
        "https://kettle.example/\x00",
        "https://kettle.example/\r\nX: y",
        SCRIPT,
        "https://kettle.example/" + "k" * 300,
        "k" * 10_000,
        "http://" + "a." * 5_000,
        "https://999.999.999.999",
        "https://kettle.example:99999999",
    ],
    "contact_name": ["", " ", "\u200b", "\x00", "Amina\x00Yusuf", "A" * 201, "A" * 10_000],
    "contact_role": ["\x00", "r" * 201, "r" * 10_000],
    "contact_email": [
        "",
        "amina",
        "amina@",
        "@kettle.example",
        "amina@kettle",
        "amina@@kettle.example",
        "amina@kettle.example, bob@kettle.example",
        "amina@kettle.example;bob@kettle.example",
        "amina@kettle.example bob@kettle.example",
        "Amina <amina@kettle.example>",
        "amina@kettle.example\r\nBcc: bob@evil.example",
        "amina@kettle.example\x00",
        "amina\u202e@kettle.example",
        "amina@kettle..example",
        ".amina@kettle.example",
        "amina@-kettle.example",
        "amina@[127.0.0.1]",
        "amina@localhost",
        '"a b"@kettle.example',
        "(comment)amina@kettle.example",
        SCRIPT,
        "a@" + "k" * 250 + ".example",
        "a" * 10_000,
        "xn--@xn--.xn--",
    ],
    "visibility": ["", "everyone", "PUBLIC", "\x00", SCRIPT, "p" * 10_000],
    "consent": ["", "false", "False"],
}

PHONES = [
    "0",
    "12",
    "seven hundred",
    "+",
    "+999 123456789",
    "+254",
    "+254 7000000000000000",
    "\x00",
    "+254\r\n700000000",
    "tel:+254700000000;ext=1;isub=2" * 3,
    "+٢٥٤٧" + "٠" * 60,
    SCRIPT,
    "7" * 10_000,
]

# What looks odd and must be taken, with what is kept of it.
TAKEN = {
    "organisation": {
        SCRIPT: SCRIPT,
        "{{ 7|add:7 }} {% load x %}": "{{ 7|add:7 }} {% load x %}",
        "=HYPERLINK(1)": "=HYPERLINK(1)",
        "Robert'); DROP TABLE signatures;--": "Robert'); DROP TABLE signatures;--",
        "Blue\r\nBcc: bob@evil.example": "Blue Bcc: bob@evil.example",
        "\u202eelttek eulb": "elttek eulb",
        "Blue\u2028Kettle": "Blue Kettle",
        "U\u200bNHC\u00adR": "UNHCR",
        "  Blue \u3000 Kettle  ": "Blue Kettle",
        "Yes": "Yes",
        "K" * 255: "K" * 255,
        "ﷺ" * 255: "ﷺ" * 255,
        "\U00010d00" * 255: "\U00010d00" * 255,
        "😀 7": "😀 7",
    },
    "website": {
        "www.kettle.example": "https://www.kettle.example",
        "HTTP://Kettle.Example/a?b=c#d": "HTTP://Kettle.Example/a?b=c#d",
        "https://كتاب.example": "https://كتاب.example",
        "https://kettle.example/" + "k" * 277: "https://kettle.example/" + "k" * 277,
        f"https://kettle.example/?q={SCRIPT[2:]}": f"https://kettle.example/?q={SCRIPT[2:]}",
    },
}

NAMES = {
    "Arabic": "جمعية الإبريق الأزرق",
    "Persian with joiners": "خانه‌ی کتری آبی می‌خواهیم",
    "Sorani": "ڕێکخراوی کتریی شین",
    "Urdu": "نیلی کیتلی حلقہ",
    "Hebrew with points": "קוּמְקוּם כָּחֹל",
    "Amharic": "ሰማያዊ ጀበና ማኅበር",
    "Burmese": "အပြာရောင် ရေနွေးအိုး အသင်း",
    "Hanifi Rohingya": "𐴀𐴞𐴕𐴐𐴝𐴦𐴀𐴝",
    "Tamil": "நீலக் கெண்டி சங்கம்",
    "Sinhala": "ක්‍රියා නිල් කේතලය",
    "Bengali": "নীল কেটলি র‍্যালি",
    "Devanagari": "नीली केतली क्‍षेत्र",
    "Tibetan": "ཁོག་ལྡིར་སྔོན་པོ་ཚོགས་པ།",
    "Thai": "กาน้ำสีน้ำเงิน",
    "Khmer": "កំសៀវខៀវ",
    "Georgian": "ლურჯი ჩაიდანი",
    "Armenian": "Կապույտ թեյնիկ",
    "Ukrainian": "Синій чайник",
    "Greek": "Μπλε βραστήρας",
    "Chinese": "蓝壶会",
    "Japanese": "青いやかんの会",
    "Korean": "파란 주전자",
    "Vietnamese": "Ấm nước xanh",
    "Adlam": "𞤚𞤢𞤪𞤥𞤢𞥄 𞤦𞤵𞤤𞤫",
    "N'Ko": "ߞߎ߲߬ߓߊ ߟߎ߬",
    "Cherokee": "ᏗᎦᏙᎵ ᏌᎪᏂᎨ",
    "Dinka": "Akuma̱n de̱ Jiɛ̈ɛ̈ŋ (ADJ",
    "One letter": "Q",
    "A number": "3",
    "Marks and brackets": "!Xóõ & Sons (K.) [«Café»] №7 – “O’Brien” e.V.",
}


def body_of(fields):
    """Encode fields as a browser does, and lone surrogates as a broken program does."""
    return "&".join(
        f"{name}={quote_plus(one.encode(errors='surrogatepass'))}"
        for name, value in fields.items()
        for one in (value if isinstance(value, list) else [value])
    )


def send(client, fields, address=FORM):
    return client.post(address, body_of(fields), content_type=URLENCODED)


def typed_in(page):
    """Return {field: what stands in it} of a page's form."""
    found = {}
    for element in page.select("main form [name]"):
        name, kind = element["name"], element.get("type")
        if element.name == "select":
            chosen = element.find("option", selected=True)
            found[name] = chosen["value"] if chosen else ""
        elif kind in ("radio", "checkbox"):
            if element.has_attr("checked"):
                found[name] = element["value"] if kind == "radio" else "on"
        else:
            found[name] = element.get("value", "")
    return found


def check_refusal(answer, field, fields, value):
    told = f"{field}={value[:40]!r}"
    assert answer.status_code == 422, told
    page = BeautifulSoup(answer.content, "html.parser")
    error = page.find(id=f"id_{field}_error")
    assert error is not None, told
    assert error.text.strip(), told
    described = page.select(f'[aria-describedby~="id_{field}_error"]')
    assert described, told
    target = page.select_one(f'.problem a[href^="#id_{field}"]')
    assert target is not None, told
    assert page.find(id=target["href"][1:]), told
    assert page.select(f'[name="{field}"][aria-invalid="true"]'), told
    assert page.title.text.startswith("Problem"), told
    kept = typed_in(page)
    for other, typed in fields.items():
        if other != field and typed:
            assert kept.get(other) == typed, (told, other)
    if kept.get(field) is not None and field not in ("country", "kind", "visibility", "consent"):
        assert kept[field].split() == value.split(), told
    assert not page.select("main script"), told


@pytest.mark.parametrize("field", REFUSED)
def test_a_bad_value_is_told_beside_its_field_and_nothing_typed_is_lost(client, field):
    make_letter()
    everything = sign_form(
        organisation_latin="Blue Kettle", website="https://kettle.example", contact_phone="", keep="on"
    )
    for value in REFUSED[field]:
        fields = {**everything, field: value}
        check_refusal(send(client, fields), field, fields, value)
    assert not Signature.objects.exists()
    assert not Contact.objects.exists()


def test_a_bad_phone_number_is_told_beside_its_field(client):
    make_letter()
    for value in PHONES:
        fields = sign_form(contact_email="", contact_phone=value)
        check_refusal(send(client, fields), "contact_phone", fields, value)
    assert not Signature.objects.exists()


@pytest.mark.parametrize("missing", sign_form())
def test_a_field_that_is_missing_altogether_is_told_or_optional(client, missing):
    make_letter()
    fields = {name: value for name, value in sign_form().items() if name != missing}
    answer = send(client, fields)
    optional = missing in ("organisation_latin", "website", "contact_role", "contact_phone")
    assert answer.status_code == (303 if optional else 422)
    assert Signature.objects.count() == optional


def test_an_empty_form_names_every_required_field_once(client):
    make_letter()
    answer = send(client, {})
    page = BeautifulSoup(answer.content, "html.parser")
    named = {link["href"].removeprefix("#id_").removesuffix("_0") for link in page.select(".problem a")}
    assert named == {
        "organisation",
        "country",
        "kind",
        "contact_name",
        "contact_email",
        "visibility",
        "consent",
    }


@pytest.mark.parametrize("field", TAKEN)
def test_odd_values_are_taken_and_stand_harmlessly_where_they_are_shown(client, work, mailbox, field):
    make_letter()
    for number, (typed, kept) in enumerate(TAKEN[field].items()):
        address = f"amina{number}@kettle.example"
        answer = send(client, sign_form(contact_email=address, **{field: typed}))
        assert answer.status_code == 303, typed[:40]
        signature = Signature.objects.latest("pk")
        assert getattr(signature, {"organisation": "name"}.get(field, field)) == kept
        work()
        message = mailbox.to(address)[-1]
        assert message["To"] == address
        assert message["Bcc"] is None
        page = client.post(mailbox.link_to(address), {"visibility": "public"})
        work()
        own = client.get(mailbox.link_to(address))
        for answer in (page, own):
            soup = BeautifulSoup(answer.content, "html.parser")
            assert not soup.select("main script")
            assert kept in soup.text or field != "organisation"


def test_names_of_every_script_are_taken_as_they_are_and_shown_as_they_are(client):
    letter = make_letter()
    for number, (script, name) in enumerate(NAMES.items()):
        answer = send(
            client,
            sign_form(organisation=name, contact_name=name, contact_email=f"a{number}@kettle.example"),
        )
        assert answer.status_code == 303, script
        signature = Signature.objects.latest("pk")
        assert signature.name == name, script
        assert unseal(signature.contact).name == name, script
        make_signature(letter, name=name)
    page = BeautifulSoup(client.get("/letters/asylum/").content, "html.parser")
    shown = {bdi.text for bdi in page.select("#wall bdi")}
    assert set(NAMES.values()) <= shown


def test_a_lone_surrogate_is_never_stored(client):
    make_letter()
    for field in ("organisation", "organisation_latin", "contact_name", "contact_role", "website"):
        answer = send(client, sign_form(**{field: "Blue\ud800Kettle"}))
        assert answer.status_code in (303, 422)
    for signature in Signature.objects.select_related("contact"):
        (signature.name + signature.latin + unseal(signature.contact).name).encode()


def test_of_a_value_that_is_sent_twice_the_last_counts(client):
    make_letter()
    twice = {name: ["", value] if name == "organisation" else value for name, value in sign_form().items()}
    assert send(client, twice).status_code == 303
    assert send(client, sign_form(country=["KE", "ZZ"])).status_code == 422
    assert send(client, sign_form(visibility=["counted_only", ""])).status_code == 422
    in_brackets = {f"{name}[]": value for name, value in sign_form().items()}
    assert send(client, in_brackets).status_code == 422


# --- bodies that are no form ---------------------------------------------------------------------------

MULTIPART = "multipart/form-data; boundary=kettle"
A_PART = b'--kettle\r\nContent-Disposition: form-data; name="organisation"\r\n\r\n%s\r\n--kettle--\r\n'

BODIES = {
    "nothing": (URLENCODED, b""),
    "no type": ("", b"organisation=x"),
    "a type that is no type": ("x", b"organisation=x"),
    "json": ("application/json", b'{"organisation": "Blue Kettle"}'),
    "json that is broken": ("application/json", b"{"),
    "xml": ("text/xml", b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'),
    "bad percent signs": (URLENCODED, b"organisation=%&country=%zz&kind=%e&%=%"),
    "bytes that are no utf-8": (URLENCODED, b"organisation=\xff\xfe&country=%ff%fe"),
    "surrogates as utf-8": (URLENCODED, b"organisation=%ed%a0%80"),
    "overlong utf-8": (URLENCODED, b"organisation=%c0%80%c0%af"),
    "three hundred fields": (URLENCODED, b"&".join(b"f%d=x" % number for number in range(300))),
    "a field three hundred times": (URLENCODED, b"&".join([b"organisation=x"] * 300)),
    "ampersands": (URLENCODED, b"&" * 5_000),
    "70 kB": (URLENCODED, b"organisation=" + b"x" * 70_000),
    "70 kB of parts": (MULTIPART, A_PART % (b"x" * 70_000)),
    "multipart without a boundary": ("multipart/form-data", A_PART % b"x"),
    "multipart with an empty boundary": ("multipart/form-data; boundary=", A_PART % b"x"),
    "multipart with a long boundary": ("multipart/form-data; boundary=" + "k" * 300, A_PART % b"x"),
    "multipart with a boundary of other letters": ("multipart/form-data; boundary=kéttle", b"x"),
    "multipart without an end": (MULTIPART, (A_PART % b"x")[:-14]),
    "multipart without a name": (
        MULTIPART,
        b"--kettle\r\nContent-Disposition: form-data\r\n\r\nx\r\n--kettle--\r\n",
    ),
    "multipart with bad base64": (
        MULTIPART,
        b'--kettle\r\nContent-Disposition: form-data; name="organisation"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n***\r\n--kettle--\r\n",
    ),
    "a file where a name belongs": (
        MULTIPART,
        b'--kettle\r\nContent-Disposition: form-data; name="organisation"; filename="../../x"\r\n'
        b"Content-Type: image/png\r\n\r\nx\r\n--kettle--\r\n",
    ),
    "a name in a codec": (MULTIPART, A_PART.replace(b'name="organisation"', b"name*=hex''%%41") % b"x"),
    "a file name in a codec": (MULTIPART, A_PART.replace(b'name="', b"filename*=hex''%%41; name=\"") % b"x"),
    "a name in a codec that raises": (
        MULTIPART,
        A_PART.replace(b'name="organisation"', b"name*=undefined''%%41") % b"x",
    ),
}


def test_a_body_that_is_no_form_is_refused_or_read_as_an_empty_one(client):
    make_letter()
    for kind, (content_type, body) in BODIES.items():
        answer = client.generic("POST", FORM, body, content_type=content_type)
        assert answer.status_code in (400, 413, 422), kind
        assert "no-store" in answer["Cache-Control"], kind
    assert not Signature.objects.exists()


def test_no_other_form_is_harmed_by_one_either(client):
    letter = make_letter()
    token = tokens.mint(make_signature(letter, status="unconfirmed"), Purpose.CONFIRM).value
    own = tokens.mint(make_signature(letter, name="Other"), Purpose.OWN_PAGE).value
    rows = list(Signature.objects.order_by("pk").values())
    for kind in ("nothing", "70 kB", "multipart without an end", "a name in a codec"):
        content_type, body = BODIES[kind]
        for address in (f"{FORM}sent/", f"/s/{token}/confirm/", f"/s/{own}/"):
            answer = client.generic("POST", address, body, content_type=content_type)
            assert answer.status_code in (400, 413, 422), (kind, address)
            assert "no-store" in answer["Cache-Control"]
    assert list(Signature.objects.order_by("pk").values()) == rows


@pytest.fixture
def _one_connection():
    """The start and the end of a real request would close the connection this test's transaction is in."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def serve(method, path, content_type, body=b""):
    """Ask what gunicorn serves, since a charset is read before any middleware is asked."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
    }
    answers = []
    from config.wsgi import (
        application,  # once imported it looks for the static files, which a fixture collects
    )

    answer = application(environ, lambda status, headers: answers.append(int(status[:3])))
    content = b"".join(answer)
    answer.close()
    return answers[0], content


CHARSETS = "utf-16 utf-7 hex rot13 unicode_escape undefined idna no-such utf-8".split()


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("charset", CHARSETS)
def test_a_charset_of_a_senders_own_is_not_listened_to(charset):
    make_letter()
    said = [
        f"charset={charset}",
        f'Charset="{charset}"',
        f"charset*={charset}''{charset}",
        f"x*={charset}''%41",
    ]
    for parameter in said:
        for address in ("/letters/asylum/signatories/?page=1", "/?q=%ff", "/letters/asylum/"):
            assert serve("GET", address, f"text/html; {parameter}")[0] == 200, (parameter, address)
        for kind, body in ((URLENCODED, b"organisation=%5Cud800"), (MULTIPART, A_PART % rb"\ud800+2AA-")):
            status, content = serve("POST", FORM, f"{kind}; {parameter}", body)
            assert status == 422, (parameter, kind)
            assert rb"\ud800" in content, (parameter, kind)
    assert not Signature.objects.exists()


@pytest.mark.usefixtures("_one_connection")
def test_a_boundary_is_kept_wherever_it_stands():
    make_letter()
    for parameters in (
        "charset=hex; boundary=kettle",
        'boundary="kettle"; charset=hex',
        "x=y;BOUNDARY=kettle",
    ):
        status, content = serve(
            "POST", FORM, f"multipart/form-data; {parameters}", A_PART % b"Lantern Street"
        )
        assert status == 422
        assert b"Lantern Street" in content


def test_a_body_too_large_for_any_form_is_refused_unread(client):
    make_letter()
    answer = client.generic("POST", FORM, b"x=" + b"x" * 3_000_000, content_type=URLENCODED)
    assert answer.status_code == 413
    assert "no-store" in answer["Cache-Control"]
    assert b'<html lang="en"' in answer.content


# --- addresses that lead nowhere -----------------------------------------------------------------------


NO_PAGES = [*"0 -1 1e3 1.0 x ٢ ² %00 %ff None 1%20".split(), "1" * 5_000, "9" * 400]


def test_a_page_of_the_list_that_is_none_is_not_found(client):
    make_signature()
    for page in NO_PAGES:
        assert client.get(f"/letters/asylum/signatories/?page={page}").status_code == 404, page[:20]


def test_a_page_behind_the_last_one_leads_to_the_last_one(client):
    """It may have been there before somebody withdrew."""
    make_signature()
    for page in ("2", "99999"):
        answer = client.get(f"/letters/asylum/signatories/?page={page}")
        assert (answer.status_code, answer["Location"]) == (302, "./"), page


def test_pages_that_do_not_exist_leave_nothing_in_memory(client):
    from letters import pages

    make_signature()
    client.get("/letters/asylum/signatories/")
    before = len(pages._kept._rendering), len(pages._kept._pages)
    for page in range(2, 30):
        client.get(f"/letters/asylum/signatories/?page={page}")
    assert (len(pages._kept._rendering), len(pages._kept._pages)) == before


TOKENS = [
    "x",
    "%00",
    "%ff",
    "a" * 2_000,
    "..",
    "%2e%2e",
    "%F0%9F%98%80",
    "٣" * 32,
    "%0d%0aX:y",
    "' OR 1=1--",
    "*",
]


@pytest.mark.parametrize("shape", ["/s/{}/", "/s/{}/confirm/", "/g/{}/", "/g/{}/sign/", "/g/{}/sign/sent/"])
def test_a_token_of_any_shape_that_is_not_one_is_not_found(client, shape):
    make_letter(phase="gathering")
    for token in TOKENS:
        for method in ("GET",) if shape == "/g/{}/" else ("GET", "POST"):
            answer = client.generic(method, shape.format(token), b"sure=on", content_type=URLENCODED)
            assert answer.status_code == 404, (method, token)
            assert "no-store" in answer["Cache-Control"]


def test_a_token_that_was_changed_a_little_is_not_found(client):
    signature = make_signature(status="unconfirmed")
    value = tokens.mint(signature, Purpose.CONFIRM).value
    flipped = ("B" if value[0] == "A" else "A") + value[1:]
    for wrong in (
        flipped,
        value[:-1],
        value + "=",
        value + "A",
        value.swapcase(),
        value + "%00",
        "%20" + value,
    ):
        assert client.post(f"/s/{wrong}/confirm/", {"visibility": "public"}).status_code == 404
    assert client.get(f"/s/{value}/confirm/").status_code == 200


def test_methods_that_no_page_has_are_refused_everywhere(client):
    signature = make_signature()
    own = tokens.mint(signature, Purpose.OWN_PAGE).value
    read = ["/", "/hosts/harbour/", "/letters/asylum/", "/letters/asylum/live.json", "/healthz"]
    read += ["/letters/asylum/signatories/", f"/g/{signature.letter.gathering_key}/"]
    sent = [FORM, f"{FORM}sent/", f"/s/{own}/", f"/s/{own}/confirm/"]
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        for address in read + sent:
            assert client.generic(method, address).status_code == 405, (method, address)
    for address in read:
        assert client.post(address).status_code == 405, address


# --- anything at all -----------------------------------------------------------------------------------

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=300) | st.sampled_from(
    [value for values in REFUSED.values() for value in values] + PHONES + list(TAKEN["organisation"])
)
FUZZ = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def letter():
    return make_letter()


@FUZZ
@given(data=st.data())
def test_anything_at_all_in_the_sign_form_is_answered(client, letter, data):
    fields = sign_form()
    names = st.lists(st.sampled_from(list(fields)), min_size=1, max_size=4, unique=True)
    wrong = data.draw(names, label="fields")
    fields |= {name: data.draw(ANYTHING | st.lists(ANYTHING, max_size=3), label=name) for name in wrong}
    with transaction.atomic():
        assert send(client, fields).status_code in (303, 422)
        transaction.set_rollback(True)


@FUZZ
@given(address=ANYTHING, code=ANYTHING)
def test_anything_at_all_in_the_code_form_is_answered(client, letter, address, code):
    answer = send(client, {"contact_email": address, "code": code}, f"{FORM}sent/")
    assert answer.status_code == 422


@FUZZ
@given(data=st.data(), act=st.sampled_from(["correct", "visibility", "withdraw", "erase"]) | ANYTHING)
def test_anything_at_all_on_the_own_page_is_answered(client, letter, data, act):
    fields = {"organisation": "Blue Kettle", "country": "KE", "kind": "ally", "visibility": "public"}
    wrong = data.draw(st.lists(st.sampled_from(list(fields)), max_size=3, unique=True), label="fields")
    fields |= {name: data.draw(ANYTHING, label=name) for name in wrong}
    status = data.draw(st.sampled_from(["published", "held", "withdrawn"]), label="status")
    with transaction.atomic():
        token = tokens.mint(make_signature(letter, status=status), Purpose.OWN_PAGE).value
        answer = send(client, {"act": act, **fields}, f"/s/{token}/")
        assert answer.status_code in (200, 410, 422)
        transaction.set_rollback(True)


@FUZZ
@given(body=st.binary(max_size=500), content_type=st.sampled_from([URLENCODED, MULTIPART, "text/plain", ""]))
def test_any_bytes_at_all_are_answered(client, letter, body, content_type):
    answer = client.generic("POST", FORM, body, content_type=content_type)
    assert answer.status_code in (400, 422)
