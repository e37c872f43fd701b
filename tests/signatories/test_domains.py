"""Whose a mailbox or a website is, as far as its name tells; hosts that many share tell by the page, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatories import domains


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("amani.or.ke", "amani.or.ke"),
        ("www.amani.or.ke", "amani.or.ke"),
        ("mail.amani.or.ke.", "amani.or.ke"),
        ("AMANI.org.UK", "amani.org.uk"),
        ("amani.wordpress.com", "amani.wordpress.com"),
        ("www.amani.weebly.com", "amani.weebly.com"),
        ("amani.blogspot.com", "amani.blogspot.com"),
        ("amani.github.io", "amani.github.io"),
        ("xn--e1afmkfd.xn--p1ai", "пример.рф"),
        ("пример.рф", "пример.рф"),
        ("co.uk", ""),
        ("localhost", ""),
        ("192.168.1.1", ""),
        ("::1", ""),
        ("", ""),
        (".", ""),
    ],
)
def test_what_somebody_registered(host, domain):
    assert domains.registered(host) == domain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://amani.or.ke", "https://www.amani.or.ke/about?lang=en#us"),
        ("https://facebook.com/AmaniKenya/", "https://m.facebook.com/amanikenya/posts/123"),
        ("https://fb.com/amanikenya", "https://www.facebook.com/AmaniKenya?ref=page"),
        ("https://www.facebook.com/profile.php?id=1000", "https://facebook.com/profile.php?ref=x&id=1000"),
        ("https://facebook.com/pages/Amani/1000", "https://facebook.com/pg/amani/about"),
        ("https://twitter.com/Amani", "https://x.com/amani"),
        ("https://youtube.com/@amani", "https://www.youtube.com/c/Amani/videos"),
        ("https://sites.google.com/view/amani/home", "https://sites.google.com/view/amani"),
        ("https://www.linkedin.com/company/amani", "https://linkedin.com/company/amani/about/"),
        ("https://www.facebook.com/%E1%88%B0%E1%88%8B%E1%88%9D", "https://facebook.com/ሰላም"),
        ("https://xn--e1afmkfd.xn--p1ai/", "https://пример.рф/"),
    ],
)
def test_two_addresses_of_one_owner(one, other):
    assert domains.of_website(one) == domains.of_website(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://amani.or.ke", "https://amani.or.tz"),
        ("https://amani.wordpress.com", "https://other.wordpress.com"),
        ("https://amani.wixsite.com/home", "https://other.wixsite.com/home"),
        ("https://facebook.com/amani", "https://facebook.com/other"),
        ("https://facebook.com/groups/1", "https://facebook.com/groups/2"),
        ("https://www.facebook.com/profile.php?id=1000", "https://www.facebook.com/profile.php?id=1001"),
        ("https://sites.google.com/view/amani", "https://sites.google.com/view/other"),
        ("https://t.me/amani", "https://t.me/other"),
    ],
)
def test_two_owners_on_one_host(one, other):
    assert domains.of_website(one) != domains.of_website(other)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "amani",
            "https://",
            "https://[",
            "mailto:a@amani.or.ke",
            "https://localhost/x",
            "http://10.0.0.1/",
        ),
        *("https://facebook.com", "https://www.facebook.com/share/1AbC/", "https://facebook.com/watch/?v=1"),
        *("https://docs.google.com/forms/d/e/1/viewform", "https://drive.google.com/file/d/1"),
        *(
            "https://youtube.com/watch?v=1",
            "https://youtu.be/1",
            "https://bit.ly/x",
            "https://wa.me/254712345678",
        ),
        *("https://wordpress.com/x", "https://www.weebly.com"),
    ],
)
def test_an_address_that_is_nobodys(address):
    assert domains.of_website(address) == ""


@pytest.mark.parametrize(
    ("address", "domain"),
    [("a@amani.or.ke", "amani.or.ke"), ("a@mail.amani.org", "amani.org"), ("a", ""), ("", "")],
)
def test_the_domain_of_a_mailbox(address, domain):
    assert domains.of_mailbox(address) == domain


def test_mailboxes_that_anybody_can_have_and_that_are_thrown_away():
    assert domains.is_free_mail("gmail.com")
    assert not domains.is_free_mail("amani.or.ke")
    assert domains.is_disposable("mailinator.com")
    assert not domains.is_disposable("gmail.com")


@given(st.text(max_size=60))
def test_any_text_can_be_asked_about(text):
    for asked in (text, f"https://{text}", f"https://facebook.com/{text}"):
        assert isinstance(domains.of_website(asked), str)
        assert isinstance(domains.registered(asked), str)
