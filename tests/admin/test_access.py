"""Staff who open a customer's account say why; the customer is told, and an administrator looks at it afterwards."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, CustomerKey, StaffAct, User
from notifications.delivery import deliver_notices
from notifications.models import Notice
from notifications.render import render
from tests.admin.doing import WHY, do, page_of, sentences
from tests.cast import NOON, make_customer, make_user
from tests.letters import mail_to, mails

NEW = {"usable_password": "true", "password1": "taken-over-1234", "password2": "taken-over-1234", "set-password": "1"}


def told(customer):
    return [
        (notice.recipient, render(notice).text)
        for notice in Notice.objects.filter(customer=customer, kind="access_changed")
    ]


def set_password(client, user, **more):
    return client.post(reverse("admin:auth_user_password_change", args=[user.pk]), {**NEW, **more})


def sent():
    """The subject of each mail that has left, by its recipient."""
    deliver_notices(at=NOON)
    return {message.to[0]: message.subject for message in mails()}


def test_a_password_set_by_staff_needs_a_reason(staff, alice):
    user, client = make_user(alice), staff("support")
    page = reverse("admin:auth_user_password_change", args=[user.pk])
    assert 'name="reason"' in client.get(page).content.decode()

    assert set_password(client, user).status_code == 200

    user.refresh_from_db()
    assert user.check_password("secret")
    assert not StaffAct.objects.exists()


def test_a_password_set_by_staff_is_told_and_waits_for_review(staff, alice):
    user, client = make_user(alice), staff("support", "sam@portal.example")

    assert set_password(client, user, reason=WHY).status_code == 302

    user.refresh_from_db()
    assert user.check_password("taken-over-1234")
    act = StaffAct.objects.get()
    assert (act.act, act.state, act.customer, act.subject) == ("set-password", "to_review", alice, user.email)
    assert (act.asked_by, act.reason) == ("sam@portal.example", WHY)
    ((recipient, text),) = told(alice)
    assert recipient == alice.email
    assert f"Our staff set the password of {user.email}." in text
    assert WHY in text
    assert AuditEntry.objects.get(verb="change user").reason == WHY


def test_only_another_administrator_reviews(staff, alice):
    set_password(staff("superuser", "boss@portal.example"), make_user(alice), reason=WHY)
    act = StaffAct.objects.get()
    boss = staff("support")
    boss.force_login(User.objects.get(email="boss@portal.example"))
    for client in (staff("support"), staff("finance"), staff("auditor")):
        assert client.post(page_of(act, "review"), {"reason": "seen"}).status_code == 403
        assert "to be reviewed" not in client.get(reverse("admin:index")).content.decode()
    assert "to be reviewed" in boss.get(reverse("admin:index")).content.decode()
    assert "Somebody else" in sentences(do(boss, act, "review"))

    other = staff("superuser")
    assert do(other, act, "review").status_code == 302

    act.refresh_from_db()
    assert act.state == "reviewed"
    assert "to be reviewed" not in other.get(reverse("admin:index")).content.decode()


def test_who_has_opened_many_accounts_waits_for_a_review_before_the_next(staff, alice, settings):
    settings.UNREVIEWED = {"support": 2}
    client, boss, users = staff("support"), staff("superuser"), [make_user(alice) for _ in range(3)]
    for user in users[:2]:
        assert set_password(client, user, reason=WHY).status_code == 302

    refusal = set_password(client, users[2], reason=WHY)
    assert "2 acts of yours that opened customers" in refusal.content.decode()
    users[2].refresh_from_db()
    assert users[2].check_password("secret")
    moved = {"email": users[2].email, "customer": alice.pk, "role": "viewer", "is_active": "on", "reason": WHY}
    page = client.post(reverse("admin:accounts_user_change", args=[users[2].pk]), moved)
    assert "still to be reviewed" in page.content.decode()
    assert (StaffAct.objects.count(), len(told(alice))) == (2, 2)

    assert do(boss, StaffAct.objects.first(), "review").status_code == 302
    assert set_password(client, users[2], reason=WHY).status_code == 302


def test_closing_what_is_open_waits_for_nobody_and_the_only_administrator_neither(staff, alice, settings):
    settings.UNREVIEWED = {"support": 0, "administrator": 0}
    boss = staff("superuser")
    key, _secret = CustomerKey.issue(at=NOON, customer=alice, name="import")
    assert set_password(boss, make_user(alice), reason=WHY).status_code == 302
    assert do(staff("support"), key, "revoke").status_code == 302


def test_a_user_moved_to_another_customer_is_told_to_both(staff, alice, bob):
    user, stays = make_user(alice), make_user(alice)
    form = {"email": user.email, "customer": bob.pk, "role": "owner", "is_active": "on"}
    page = reverse("admin:accounts_user_change", args=[user.pk])
    client = staff("support")
    assert "Say why" in str(client.post(page, form).context["adminform"].form.errors["reason"])
    assert User.objects.get(pk=user.pk).customer == alice

    assert client.post(page, {**form, "reason": WHY}).status_code == 302

    assert User.objects.get(pk=user.pk).customer == bob
    assert len(told(alice)) == len(told(bob)) == 1
    assert StaffAct.objects.get().facts == {"changed": ["customer"], "former_customer": str(alice.pk)}
    assert [member.user for member in alice.memberships.all()] == [stays]


def test_who_is_moved_by_staff_is_signed_out_everywhere(staff, alice, bob):
    user, _stays = make_user(alice), make_user(alice)
    signed_in = Client()
    assert signed_in.post("/login/", {"username": user.email, "password": "secret"}).status_code == 302
    form = {"email": user.email, "customer": bob.pk, "role": "owner", "is_active": "on", "reason": WHY}

    staff("support").post(reverse("admin:accounts_user_change", args=[user.pk]), form)

    assert signed_in.get("/api/v1/resources/").status_code == 401
    assert signed_in.get("/")["Location"].startswith("/login/")


def test_staff_do_not_move_the_last_owner_away_either(staff, alice, bob):
    user = make_user(alice)
    form = {"email": user.email, "customer": bob.pk, "role": "owner", "is_active": "on", "reason": WHY}

    answer = staff("support").post(reverse("admin:accounts_user_change", args=[user.pk]), form)

    assert "Somebody has to stay owner" in str(answer.context["adminform"].form.errors["role"])
    assert User.objects.get(pk=user.pk).customer == alice


def test_who_shuts_the_last_owner_out_is_warned(staff, alice):
    user = make_user(alice)
    make_user(alice, role="billing")
    form = {"email": user.email, "customer": alice.pk, "role": "owner", "reason": WHY}

    answer = staff("support").post(reverse("admin:accounts_user_change", args=[user.pk]), form, follow=True)

    assert "Alice has no owner any more who may sign in" in answer.content.decode()
    assert not User.objects.get(pk=user.pk).is_active


def test_who_becomes_staff_belongs_to_no_customer_any_more(superuser, alice):
    make_user(alice)
    user = make_user(alice, role="viewer")
    page = reverse("admin:accounts_user_change", args=[user.pk])
    form = {"email": user.email, "role": "viewer", "is_active": "on", "is_staff": "on", "reason": WHY}

    refused = superuser.post(page, {**form, "customer": alice.pk})
    assert "belongs to no customer" in str(refused.context["adminform"].form.errors["customer"])

    answer = superuser.post(page, form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    user = User.objects.get(pk=user.pk)
    assert (user.is_staff, user.customer) == (True, None)


def test_a_user_made_by_staff_is_told(staff, alice):
    person = {**NEW, "email": "new@alice.example", "role": "owner", "customer": alice.pk}
    client = staff("support")
    assert client.post(reverse("admin:accounts_user_add"), person).status_code == 200
    assert not User.objects.filter(email="new@alice.example").exists()
    assert client.post(reverse("admin:accounts_user_add"), {**person, "reason": WHY}).status_code == 302
    assert "Our staff added the user new@alice.example." in told(alice)[0][1]
    assert StaffAct.objects.get().act == "make-user"


def test_a_key_made_or_revoked_by_staff_is_told_and_waits_for_review(staff, alice):
    client, page = staff("support"), reverse("admin:accounts_customerkey_add")
    assert client.post(page, {"customer": str(alice.pk), "name": "ci"}).status_code == 200
    assert not CustomerKey.objects.exists()

    client.post(page, {"customer": str(alice.pk), "name": "ci", "reason": WHY})
    do(client, CustomerKey.objects.get(), "revoke")

    assert list(StaffAct.objects.order_by("pk").values_list("act", "state")) == [
        ("make-key", "to_review"),
        ("revoke-key", "to_review"),
    ]
    assert len(told(alice)) == 2


def test_a_new_mail_address_of_a_customer_is_told_to_the_former_one(staff):
    customer = make_customer("Carol", email="books@carol.example")
    form = {"name": "Carol", "email": "thief@elsewhere.example", "language": "en", "reason": WHY}
    assert staff("support").post(reverse("admin:accounts_customer_change", args=[customer.pk]), form).status_code == 302
    assert StaffAct.objects.get().act == "change-address"
    assert sent() == {
        "books@carol.example": "Our staff changed the mail address of your account",
        "thief@elsewhere.example": "Our staff changed the access to your account",
    }
    told_there = str(mail_to("books@carol.example").body)
    assert "go to thief@elsewhere.example from now on, no longer to books@carol.example" in told_there


def test_a_user_who_signs_in_elsewhere_by_staff_is_told_at_the_former_address(staff):
    customer = make_customer("Carol", email="books@carol.example", language="en")
    user = make_user(customer)
    former = user.email
    form = {
        "email": "thief@elsewhere.example",
        "customer": customer.pk,
        "role": "owner",
        "is_active": "on",
        "reason": WHY,
    }
    assert staff("support").post(reverse("admin:accounts_user_change", args=[user.pk]), form).status_code == 302
    assert sent() == {
        former: "Your mail address was changed",
        "books@carol.example": "Our staff changed the access to your account",
    }
    assert f"You sign in as thief@elsewhere.example from now on, no longer as {former}." in str(mail_to(former).body)


def test_whose_password_staff_set_is_told_it_themselves(staff):
    customer = make_customer("Carol", email="books@carol.example", language="en")
    user = make_user(customer)
    CustomerKey.issue(at=NOON, customer=customer, name="import")
    set_password(staff("support"), user, reason=WHY)
    assert sent() == {
        user.email: "Your password was changed",
        "books@carol.example": "Our staff changed the access to your account",
    }
    assert "These API keys go on working: import." in str(mail_to(user.email).body)


def test_a_colleague_whose_password_is_set_is_told_it_too(staff):
    colleague = make_user(None, is_staff=True)
    set_password(staff("superuser"), colleague, reason=WHY)
    assert list(sent()) == [colleague.email]


@pytest.mark.parametrize("field", ["name", "email"])
def test_an_edit_of_what_stands_on_invoices_needs_a_reason(staff, field):
    customer = make_customer("Carol", email="books@carol.example")
    form = {"name": "Carol", "email": "books@carol.example", "language": "vi"}
    form[field] = "new@carol.example" if field == "email" else "0312345678"
    client, page = staff("support"), reverse("admin:accounts_customer_change", args=[customer.pk])

    answer = client.post(page, form)

    assert "Say why" in str(answer.context["adminform"].form.errors["reason"])
    assert "Say why" in answer.content.decode()
    assert getattr(type(customer).objects.get(pk=customer.pk), field) == getattr(customer, field)
    assert client.post(page, {**form, "reason": WHY}).status_code == 302
    entry = AuditEntry.objects.get(verb="change customer")
    assert (entry.reason, entry.at) == (WHY, NOON)


def test_the_language_of_mails_needs_no_reason(staff):
    customer = make_customer("Carol", email="books@carol.example")
    form = {"name": "Carol", "email": "books@carol.example", "language": "en"}
    assert staff("support").post(reverse("admin:accounts_customer_change", args=[customer.pk]), form).status_code == 302
    assert not StaffAct.objects.exists()


def test_every_page_of_the_catalogue_that_money_follows_asks_why(staff):
    client = staff("catalogue")
    for model in ("price", "discount", "coupon", "product"):
        page = client.get(reverse(f"admin:catalog_{model}_add")).content.decode()
        assert page.count('name="reason"') == 1, model
        answer = client.post(
            reverse(f"admin:catalog_{model}_add"), {"items-TOTAL_FORMS": "0", "items-INITIAL_FORMS": "0"}
        )
        assert "Say why" in str(answer.context["adminform"].form.errors["reason"]), model
