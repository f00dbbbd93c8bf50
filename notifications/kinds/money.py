"""What is told about payments, credit, access and the billing mode."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Subject
from notifications.kinds.base import (
    SEE_COMMITMENTS,
    SEE_CREDIT,
    SEE_LINKS,
    SEE_PAYMENT,
    SEE_SETTINGS,
    SEE_WALLET,
    If,
    NoticeKind,
    Unless,
    ahead,
    everything,
    is_not,
    not_among,
    one_of,
    same,
)
from notifications.kinds.groups import OF_A_PAYMENT, OF_AN_ORDER
from notifications.kinds.together import SEE_RESOURCES
from notifications.models import Notice

Kind = Notice.Kind

MONEY: dict[str, NoticeKind] = {
    Kind.PAYMENT_RECEIVED: NoticeKind(
        Subject.PAYMENT,
        (_("Payment received: %(amount)s"),),
        (
            _("We have received %(amount)s. Thank you."),
            _("It was charged to your linked account %(account)s."),
            _("%(payer)s, whom you asked to pay, has paid it for you."),
            _("That is %(more)s more than was asked for. What it was not needed for is credit in your wallet."),
            _("That is %(less)s less than was asked for."),
            _("%(kept_because)s The %(kept)s are credit in your wallet."),
        ),
        SEE_PAYMENT,
        current=("kept", "kept_because"),
        together=(OF_AN_ORDER, OF_A_PAYMENT),
    ),
    Kind.PAYMENT_TAKEN_BACK: NoticeKind(
        Subject.PAYMENT,
        (
            If("returned_to", _("%(amount)s were returned to %(returned_to)s after all")),
            _("A payment was taken back: %(amount)s"),
        ),
        (
            If(
                "returned_to",
                _(
                    "%(amount)s went back to %(returned_to)s: a return that had failed before was carried out after all."
                ),
            ),
            Unless("returned_to", _("The bank or payment gateway has taken back %(amount)s that you had paid.")),
            _("%(from_credit)s of it came out of the credit in your wallet."),
            _("%(reopened)s had been spent on invoices, which are open again: %(numbers)s."),
            _("%(debt)s are still owed and will be taken from credit that comes in."),
            Unless("returned_to", _("If you did not ask for this, please talk to your bank, and to us.")),
        ),
        SEE_PAYMENT,
    ),
    Kind.PAYMENT_GIVEN_BACK: NoticeKind(
        Subject.PAYMENT,
        (_("A payment that was taken back is here again: %(amount)s"),),
        (
            _("The bank or payment gateway has given back %(amount)s that it had taken back."),
            _("%(debt)s that you owed for it are paid."),
            _("%(credit)s are credit in your wallet, which pays the invoices that had been opened again."),
            _("%(lost)s stay away: the dispute was won in part."),
        ),
        SEE_PAYMENT,
    ),
    Kind.PAYMENT_FAILED: NoticeKind(
        Subject.PAYMENT,
        (_("Payment failed: %(amount)s"),),
        (
            _("Your payment of %(amount)s did not go through."),
            _("It was to be charged to your linked account %(account)s."),
            _("Reason: %(failure)s"),
            _("We try it again by ourselves at %(next_try)s, if it is still needed then."),
            _("You can pay again, or choose another means."),
        ),
        SEE_PAYMENT,
        holds=one_of("state", "failed"),
    ),
    Kind.REFUND_BEGUN: NoticeKind(
        Subject.PAYMENT,
        (_("%(amount)s go back to %(account)s"),),
        (
            _("We return %(amount)s of your top-up %(number)s to %(account)s, where they came from."),
            _("They have left your wallet, and should be there by %(arrives_by)s."),
        ),
        SEE_PAYMENT,
        holds=not_among("refund_reference", "failed_refunds"),
    ),
    Kind.REFUND_DONE: NoticeKind(
        Subject.PAYMENT,
        (_("%(amount)s were returned to %(account)s"),),
        (
            _("%(account)s has confirmed that %(amount)s of your top-up %(number)s were returned."),
            _("Your bank may need until %(arrives_by)s to show them."),
        ),
        SEE_PAYMENT,
        holds=not_among("refund_reference", "failed_refunds"),
        only_informs=True,
    ),
    Kind.REFUND_FAILED: NoticeKind(
        Subject.PAYMENT,
        (_("%(amount)s could not be returned to %(account)s"),),
        (
            _("%(amount)s of your top-up %(number)s could not be returned to %(account)s."),
            _("Reason: %(failure)s"),
            _("They are credit in your wallet again."),
        ),
        SEE_PAYMENT,
    ),
    Kind.TRANSFER_NOT_FOUND: NoticeKind(
        Subject.CUSTOMER,
        (_("We have not found your transfer of %(amount)s"),),
        (
            _(
                "We have looked for the transfer of %(amount)s that you say you made on %(transferred_on)s, and have not found it."
            ),
            _("Our answer: %(answer)s"),
        ),
        SEE_WALLET,
    ),
    Kind.REFUND: NoticeKind(
        Subject.CREDIT_NOTE,
        (_("%(amount)s are back in your wallet"),),
        (
            _("%(amount)s for unused time of %(resource)s are back in your wallet."),
            _("They are credited by credit note %(number)s."),
        ),
        SEE_CREDIT,
        only_informs=True,
    ),
    Kind.AUTOMATIC_PAYMENT: NoticeKind(
        Subject.PAYMENT,
        (_("Invoices paid from your wallet: %(amount)s"),),
        (
            _("Open invoices were paid automatically from your wallet: %(amount)s."),
            _("It reached %(numbers)s."),
            _("%(left)s are still open on your invoices. Top up, and they are paid by themselves."),
        ),
        SEE_PAYMENT,
        together=(OF_A_PAYMENT,),
    ),
    Kind.ACCOUNT_LINKED: NoticeKind(
        Subject.LINK,
        (_("%(account)s is linked"),),
        (
            _("You have linked %(account)s. From now on you can pay with it without going to its page each time."),
            _("At most %(charge_limit)s at once and %(month_limit)s in a month are charged; you can change that."),
            _("If this was not you, unlink it and tell us at once."),
        ),
        SEE_LINKS,
        holds=one_of("state", "active"),
    ),
    Kind.ACCOUNT_UNLINKED: NoticeKind(
        Subject.LINK,
        (_("%(account)s is unlinked"),),
        (
            _("%(account)s is unlinked: we do not charge it any more."),
            _("What was to be charged to it by itself is switched off."),
        ),
        SEE_LINKS,
    ),
    Kind.LINK_ENDED: NoticeKind(
        Subject.LINK,
        (_("%(account)s can no longer be charged"),),
        (
            If("state", _("The link to %(account)s was ended at the gateway."), ("revoked",)),
            If("state", _("The link to %(account)s has expired."), ("expired",)),
            _("What was to be charged to it by itself is switched off."),
            _("Link it again, or another one, to go on paying without going to a gateway's page."),
        ),
        SEE_LINKS,
    ),
    Kind.LINK_EXPIRES: NoticeKind(
        Subject.LINK,
        (_("%(account)s expires soon"),),
        (
            _("%(account)s can be charged until %(until)s."),
            _("Link it again, or another one, to go on paying without going to a gateway's page."),
        ),
        SEE_LINKS,
        holds=one_of("state", "active"),
    ),
    Kind.AUTOMATIC_CHARGE_OFF: NoticeKind(
        Subject.LINK,
        (_("We have stopped charging %(account)s by itself"),),
        (
            If("purpose", _("The automatic top-up from %(account)s is switched off."), ("top_up",)),
            If("purpose", _("The automatic payment of invoices from %(account)s is switched off."), ("invoices",)),
            _("It was declined %(tries)s times in a row. The last reason: %(failure)s"),
            If("tries", _("Switch it on again when that is mended, or pay by other means.")),
            Unless("tries", "%(failure)s"),
        ),
        SEE_LINKS,
        holds=not_among("purpose", "charged_for"),
    ),
    Kind.CREDIT_ADJUSTED: NoticeKind(
        Subject.ADJUSTMENT,
        (_("Your credit has changed: %(change)s"),),
        (
            _("Our staff changed your credit by %(change)s."),
            _("Reason: %(reason)s"),
            _("It is promotional credit: use it until %(expires_on)s."),
        ),
        SEE_CREDIT,
    ),
    Kind.POC_GRANTED: NoticeKind(
        Subject.POC,
        (_("POC credit of %(amount)s for you"),),
        (
            _("You have %(amount)s of POC credit, for a proof of concept with %(products)s."),
            _(
                "It can be spent until %(until)s: it pays first for what you create of these products, without an invoice."
            ),
            _("Reason: %(reason)s"),
        ),
        SEE_WALLET,
        holds=ahead("until"),
        only_informs=True,
    ),
    Kind.POC_ENDING: NoticeKind(
        Subject.POC,
        (_("Your POC credit ends on %(until)s"),),
        (
            _("Your POC credit ends on %(until)s."),
            _("%(left)s of it are left, and are lost then."),
            _("On it run: %(runs)s."),
            If("runs", _("To keep them running, renew them and pay for it: they go on without interruption.")),
        ),
        SEE_WALLET,
        holds=everything(is_not("stopped"), ahead("until")),
    ),
    Kind.POC_ENDED: NoticeKind(
        Subject.POC,
        (_("Your POC credit has ended"),),
        (
            If("stopped", _("Our staff stopped your POC credit.")),
            Unless("stopped", _("The time of your POC credit is over.")),
            If("stopped", _("Reason: %(reason)s")),
            _("%(lost)s of it had not been spent."),
            _("What ran on it still runs: %(runs)s."),
            If("runs", _("To keep them running, renew them and pay for it: they go on without interruption.")),
        ),
        SEE_WALLET,
    ),
    Kind.ACCESS_CHANGED: NoticeKind(
        Subject.ACT,
        (_("Our staff changed the access to your account"),),
        (
            If("act", _("Our staff set the password of %(who)s."), ("set-password",)),
            If("act", _("Our staff added the user %(who)s."), ("make-user",)),
            If("act", _("Our staff changed the user %(who)s."), ("change-user",)),
            If("act", _("Our staff took the second factor of %(who)s away."), ("take-second-factor",)),
            If("act", _("Our staff made the API key %(who)s."), ("make-key",)),
            If("act", _("Our staff revoked the API key %(who)s: programs that use it are refused."), ("revoke-key",)),
            If("act", _("Our staff changed the mail address of your account."), ("change-address",)),
            _("Reason: %(reason)s"),
            _("If you did not ask for this, please tell us at once."),
        ),
        SEE_SETTINGS,
    ),
    Kind.BILLING_MODE_SWITCHED: NoticeKind(
        Subject.CUSTOMER,
        (_("Your billing mode is now %(mode)s"),),
        (
            _("Our staff switched your billing mode to %(mode)s."),
            If("mode", _("What is paid for runs on as paid, and continues as postpaid after it."), ("postpaid",)),
            _("Buy a paid period for each running resource by %(renewal_window_until)s, or it moves to the trash."),
        ),
        SEE_RESOURCES,
        holds=same("mode"),
    ),
    Kind.COMMITMENT_MADE: NoticeKind(
        Subject.COMMITMENT,
        (_("You are committed to %(amount)s a month"),),
        (
            If("is_another", _("It follows the one before it, which was like it.")),
            _("From %(first_month)s until the end of %(last_month)s you spend at least %(amount)s a month, with VAT."),
            _("All that you use in that time costs %(share)s less. What is not spent in a month is billed at its end."),
            If(
                "after",
                _("Afterwards another like it follows, unless an owner of your account lets it end."),
                ("follows",),
            ),
        ),
        SEE_COMMITMENTS,
        holds=same("last_month"),
        current=("after",),
    ),
    Kind.COMMITMENT_ENDS: NoticeKind(
        Subject.COMMITMENT,
        (
            If("after", _("Your commitment of %(amount)s a month was called off"), ("never-was",)),
            _("Your commitment of %(amount)s a month ends"),
        ),
        (
            If("after", _("It would have begun with %(first_month)s. Nothing has to be spent for it."), ("never-was",)),
            If("after", _("It ends with %(last_month)s."), ("follows", "another", "nothing")),
            If(
                "after",
                _("Another like it follows, unless an owner of your account lets it end by its last day."),
                ("follows",),
            ),
            If("after", _("Another one, which was agreed on, begins with %(next_month)s."), ("another",)),
            If(
                "after",
                _("From then on nothing has to be spent, and your use costs its price without the %(share)s off."),
                ("nothing",),
            ),
        ),
        SEE_COMMITMENTS,
        holds=same("last_month", "after"),
    ),
}
