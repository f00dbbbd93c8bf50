import datetime

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.text
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import kernel.ids
import kernel.references
import store.carried
import store.migrating


class Migration(migrations.Migration):
    replaces = [
        ("payments", "0001_the_tables"),
        ("payments", "0002_what_went_back_may_be_taken"),
        ("payments", "0003_what_was_taken_may_be_given_back"),
        ("payments", "0004_requests_to_one_person_are_counted"),
        ("payments", "0005_refunds_may_come_back"),
        ("payments", "0006_a_top_up_pays_nothing"),
        ("payments", "0007_what_is_left_out_moves_nothing"),
        ("payments", "0008_what_was_taken_comes_back_in_part"),
        ("payments", "0009_reversals_are_looked_for_in_statements"),
        ("payments", "0010_no_payments_begin_when_closed"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("invoices", "0001_all_the_tables"),
    ]

    operations = [
        store.migrating.Together(
            operations=[
                migrations.CreateModel(
                    name="Consent",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("scope", models.CharField(max_length=8, verbose_name="scope")),
                        ("text", models.TextField(verbose_name="words that were shown")),
                        ("version", models.CharField(max_length=20, verbose_name="version")),
                        ("language", models.CharField(max_length=5, verbose_name="language")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        (
                            "address",
                            models.GenericIPAddressField(blank=True, null=True, verbose_name="from the address"),
                        ),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "customer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "linked",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="consents",
                                to="payments.linkedaccount",
                                verbose_name="linked account",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "consent",
                        "verbose_name_plural": "consents",
                    },
                ),
                migrations.CreateModel(
                    name="ExpectedTransfer",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "reference",
                            models.CharField(
                                default=kernel.references.new_reference,
                                max_length=10,
                                verbose_name="text of the transfer",
                            ),
                        ),
                        ("kind", models.CharField(max_length=8, verbose_name="what it is for")),
                        ("payable", models.CharField(max_length=60, verbose_name="pays")),
                        ("order_id", models.UUIDField(blank=True, null=True, verbose_name="order")),
                        ("invoice_ids", models.JSONField(blank=True, default=list, verbose_name="invoices to pay")),
                        ("description", models.CharField(max_length=200, verbose_name="details")),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        ("expires_at", models.DateTimeField(verbose_name="expected until")),
                        ("met_at", models.DateTimeField(blank=True, null=True, verbose_name="received")),
                        ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="expected_transfers",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "request",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="transfers",
                                to="payments.paymentrequest",
                                verbose_name="payment request",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "expected transfer",
                        "verbose_name_plural": "expected transfers",
                    },
                ),
                migrations.CreateModel(
                    name="GatewayNotice",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("gateway", models.CharField(max_length=20, verbose_name="gateway")),
                        ("digest", models.CharField(max_length=64)),
                        ("body", models.TextField(verbose_name="as received")),
                        ("is_genuine", models.BooleanField(verbose_name="signature verified")),
                        ("verdict", models.CharField(blank=True, max_length=20, verbose_name="verdict")),
                        ("received_at", models.DateTimeField(verbose_name="received")),
                        (
                            "linked",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notices",
                                to="payments.linkedaccount",
                                verbose_name="linked account",
                            ),
                        ),
                        (
                            "payment",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notices",
                                to="payments.payment",
                                verbose_name="payment",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "gateway notice",
                        "verbose_name_plural": "gateway notices",
                    },
                ),
                migrations.CreateModel(
                    name="LinkedAccount",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("gateway", models.CharField(max_length=20, verbose_name="gateway")),
                        ("reference", models.CharField(max_length=60, verbose_name="reference")),
                        (
                            "state",
                            django_fsm.FSMField(default="pending", max_length=50, protected=True, verbose_name="state"),
                        ),
                        ("display", models.CharField(blank=True, max_length=60, verbose_name="account")),
                        ("token", models.TextField(blank=True, verbose_name="token, sealed")),
                        ("proof", models.TextField(blank=True, verbose_name="proof, sealed")),
                        (
                            "redirect_url",
                            models.URLField(blank=True, max_length=2000, verbose_name="page to confirm on"),
                        ),
                        ("is_default", models.BooleanField(default=False, verbose_name="default")),
                        ("charge_limit", models.BigIntegerField(verbose_name="at most at once")),
                        ("month_limit", models.BigIntegerField(verbose_name="at most in a month")),
                        (
                            "gateway_limit",
                            models.BigIntegerField(
                                blank=True, null=True, verbose_name="the gateway's own limit at once"
                            ),
                        ),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        ("linked_at", models.DateTimeField(blank=True, null=True, verbose_name="linked")),
                        ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="usable until")),
                        ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                        ("failure", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                        ("ask_at", models.DateTimeField(blank=True, null=True, verbose_name="ask the gateway at")),
                        ("asks", models.PositiveSmallIntegerField(default=0, verbose_name="times asked")),
                        (
                            "stuck_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="not ended at the gateway"),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="linked_accounts",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "linked account",
                        "verbose_name_plural": "linked accounts",
                    },
                    bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
                ),
                migrations.CreateModel(
                    name="Payment",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("kind", models.CharField(max_length=8, verbose_name="type")),
                        ("means", models.CharField(max_length=14, verbose_name="means")),
                        ("gateway", models.CharField(blank=True, max_length=20, verbose_name="gateway")),
                        ("reference", models.CharField(max_length=60, verbose_name="transaction id")),
                        ("payable", models.CharField(max_length=60, verbose_name="pays")),
                        ("order_id", models.UUIDField(blank=True, null=True, verbose_name="order")),
                        ("invoice_ids", models.JSONField(blank=True, default=list, verbose_name="invoices to pay")),
                        ("description", models.CharField(max_length=200, verbose_name="details")),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        (
                            "captured",
                            models.BigIntegerField(blank=True, null=True, verbose_name="received by the gateway"),
                        ),
                        ("promotional", models.BigIntegerField(default=0, verbose_name="of it promotional")),
                        ("allocated", models.BigIntegerField(default=0, verbose_name="given to invoices")),
                        ("refunded", models.BigIntegerField(default=0, verbose_name="returned to the wallet")),
                        (
                            "taken_back",
                            models.BigIntegerField(
                                db_default=0, default=0, editable=False, verbose_name="taken back by bank or gateway"
                            ),
                        ),
                        (
                            "to_source",
                            models.BigIntegerField(
                                db_default=0, default=0, editable=False, verbose_name="returned to its source"
                            ),
                        ),
                        (
                            "state",
                            django_fsm.FSMField(default="created", max_length=50, protected=True, verbose_name="state"),
                        ),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        (
                            "cancelled_by",
                            models.CharField(blank=True, db_default="", max_length=200, verbose_name="given up by"),
                        ),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                        ("redirect_url", models.URLField(blank=True, max_length=2000, verbose_name="payment page")),
                        (
                            "gateway_txn_id",
                            models.CharField(
                                blank=True, max_length=60, null=True, verbose_name="gateway's transaction"
                            ),
                        ),
                        ("failure", models.CharField(blank=True, max_length=200, verbose_name="reason of failure")),
                        ("check_at", models.DateTimeField(blank=True, null=True, verbose_name="ask the gateway at")),
                        ("checks", models.PositiveSmallIntegerField(default=0, verbose_name="times asked")),
                        (
                            "held",
                            models.CharField(blank=True, db_default="", max_length=12, verbose_name="held for staff"),
                        ),
                        (
                            "held_amount",
                            models.BigIntegerField(blank=True, null=True, verbose_name="amount that the gateway says"),
                        ),
                        (
                            "held_txn_id",
                            models.CharField(
                                blank=True,
                                db_default="",
                                max_length=60,
                                verbose_name="transaction that the gateway says",
                            ),
                        ),
                        (
                            "consent",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="payments.consent",
                                verbose_name="consent",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "expected",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="payments.expectedtransfer",
                                verbose_name="expected transfer",
                            ),
                        ),
                        (
                            "linked",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="payments.linkedaccount",
                                verbose_name="linked account",
                            ),
                        ),
                        (
                            "transfer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="payments.banktransfer",
                                verbose_name="bank transfer",
                            ),
                        ),
                        (
                            "request",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="payments.paymentrequest",
                                verbose_name="payment request",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "payment",
                        "verbose_name_plural": "payments",
                    },
                    bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
                ),
                migrations.CreateModel(
                    name="PaymentRequest",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("kind", models.CharField(max_length=8, verbose_name="what it is for")),
                        ("order_id", models.UUIDField(blank=True, null=True, verbose_name="order")),
                        ("invoice_ids", models.JSONField(blank=True, default=list, verbose_name="invoices to pay")),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("email", models.EmailField(max_length=254, verbose_name="who is asked")),
                        ("shown_name", models.CharField(max_length=60, verbose_name="name that they see")),
                        ("language", models.CharField(max_length=5, verbose_name="language")),
                        ("digest", models.CharField(max_length=64, verbose_name="digest of the link")),
                        (
                            "state",
                            django_fsm.FSMField(default="open", max_length=50, protected=True, verbose_name="state"),
                        ),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        ("expires_at", models.DateTimeField(verbose_name="valid until")),
                        ("opened_at", models.DateTimeField(blank=True, null=True, verbose_name="opened")),
                        ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payment_requests",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "payment request",
                        "verbose_name_plural": "payment requests",
                    },
                    bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
                ),
                migrations.CreateModel(
                    name="ReconciliationCase",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=13, verbose_name="difference")),
                        ("source", models.CharField(max_length=60, verbose_name="gateway or bank")),
                        ("day", models.DateField(verbose_name="day")),
                        (
                            "movement",
                            models.CharField(
                                blank=True, db_default="", max_length=10, verbose_name="movement that no line tells"
                            ),
                        ),
                        (
                            "theirs",
                            models.BigIntegerField(blank=True, null=True, verbose_name="amount in the statement"),
                        ),
                        ("ours", models.BigIntegerField(blank=True, null=True, verbose_name="amount with us")),
                        ("found_at", models.DateTimeField(verbose_name="found")),
                        ("resolution", models.CharField(blank=True, max_length=9, verbose_name="how it ended")),
                        ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                        ("resolved_by", models.CharField(blank=True, max_length=200, verbose_name="by")),
                        ("resolved_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                        (
                            "payment",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="payments.payment",
                                verbose_name="payment",
                            ),
                        ),
                        (
                            "transfer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="payments.banktransfer",
                                verbose_name="bank transfer",
                            ),
                        ),
                        (
                            "refund",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="payments.refund",
                                verbose_name="refund to the source",
                            ),
                        ),
                        (
                            "reversal",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="payments.reversal",
                                verbose_name="payment taken back",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="payments.statementline",
                                verbose_name="line of a statement",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "difference",
                        "verbose_name_plural": "differences",
                    },
                ),
                migrations.CreateModel(
                    name="Refund",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("gateway", models.CharField(max_length=20, verbose_name="gateway")),
                        ("reference", models.CharField(max_length=60, verbose_name="reference at the gateway")),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        (
                            "state",
                            django_fsm.FSMField(
                                default="approved", max_length=50, protected=True, verbose_name="state"
                            ),
                        ),
                        ("approved_at", models.DateTimeField(verbose_name="approved")),
                        ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent to the gateway")),
                        ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                        ("came_back_at", models.DateTimeField(blank=True, null=True, verbose_name="came back")),
                        (
                            "gateway_txn_id",
                            models.CharField(
                                blank=True, max_length=60, null=True, verbose_name="gateway's transaction"
                            ),
                        ),
                        ("failure", models.CharField(blank=True, max_length=200, verbose_name="reason of failure")),
                        ("check_at", models.DateTimeField(blank=True, null=True, verbose_name="ask the gateway at")),
                        ("checks", models.PositiveSmallIntegerField(default=0, verbose_name="times asked")),
                        (
                            "act",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="refund",
                                to="accounts.staffact",
                                verbose_name="act for two",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="refunds",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "payment",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="refunds",
                                to="payments.payment",
                                verbose_name="payment",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "refund to the source",
                        "verbose_name_plural": "refunds to the source",
                    },
                    bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
                ),
                migrations.CreateModel(
                    name="Reversal",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("amount", models.BigIntegerField(verbose_name="taken back")),
                        ("reference", models.CharField(max_length=60, verbose_name="reference of the bank or gateway")),
                        (
                            "told_as",
                            models.CharField(
                                blank=True, db_default="", max_length=60, verbose_name="as the statement names it"
                            ),
                        ),
                        ("reason", models.CharField(max_length=500, verbose_name="reason")),
                        ("from_credit", models.BigIntegerField(default=0, verbose_name="out of the wallet")),
                        ("reopened", models.BigIntegerField(default=0, verbose_name="on invoices that are open again")),
                        ("debt", models.BigIntegerField(default=0, verbose_name="debt")),
                        ("collected", models.BigIntegerField(default=0, verbose_name="of it collected")),
                        (
                            "given_back",
                            models.BigIntegerField(db_default=0, default=0, verbose_name="of it given back"),
                        ),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                        ("given_back_at", models.DateTimeField(blank=True, null=True, verbose_name="given back")),
                        (
                            "customer",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reversals",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "payment",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reversals",
                                to="payments.payment",
                                verbose_name="payment",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "payment taken back",
                        "verbose_name_plural": "payments taken back",
                    },
                ),
                migrations.CreateModel(
                    name="StatementDay",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("source", models.CharField(max_length=60, verbose_name="gateway or bank")),
                        ("day", models.DateField(verbose_name="day")),
                        ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="times asked")),
                        ("ask_at", models.DateTimeField(verbose_name="ask again at")),
                        ("failure", models.CharField(blank=True, max_length=200, verbose_name="reason of failure")),
                        ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="read")),
                    ],
                    options={
                        "verbose_name": "statement of a day",
                        "verbose_name_plural": "statements of days",
                    },
                ),
                migrations.CreateModel(
                    name="StatementLine",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("source", models.CharField(max_length=60, verbose_name="gateway or bank")),
                        ("movement", models.CharField(max_length=10, verbose_name="movement")),
                        ("reference", models.CharField(max_length=60, verbose_name="transaction id")),
                        ("transaction", models.CharField(max_length=60, verbose_name="gateway's transaction")),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("nth", models.PositiveIntegerField(default=1, verbose_name="of the same")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "statement",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lines",
                                to="payments.statementday",
                                verbose_name="statement of a day",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "line of a statement",
                        "verbose_name_plural": "lines of statements",
                    },
                ),
                migrations.CreateModel(
                    name="TransferClaim",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("day", models.DateField(verbose_name="day of the transfer")),
                        ("note", models.CharField(blank=True, max_length=200, verbose_name="text of the transfer")),
                        ("state", models.CharField(default="open", max_length=7, verbose_name="state")),
                        ("answer", models.CharField(blank=True, max_length=500, verbose_name="answer")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="transfer_claims",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "transfer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="claims",
                                to="payments.banktransfer",
                                verbose_name="bank transfer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "claimed transfer",
                        "verbose_name_plural": "claimed transfers",
                    },
                ),
                migrations.CreateModel(
                    name="InvoiceBornPaid",
                    fields=[],
                    options={
                        "proxy": True,
                        "default_permissions": (),
                        "indexes": [],
                        "constraints": [],
                    },
                    bases=("invoices.invoice",),
                ),
                migrations.CreateModel(
                    name="Allocation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("promotional", models.BigIntegerField(default=0, verbose_name="of it promotional")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "credit_note",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="invoices.creditnote",
                                verbose_name="credit note",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "invoice",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="invoices.invoice",
                                verbose_name="invoice",
                            ),
                        ),
                        (
                            "payment",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="payments.payment",
                                verbose_name="payment",
                            ),
                        ),
                        (
                            "reversal",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="payments.reversal",
                                verbose_name="payment taken back",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "allocation",
                        "verbose_name_plural": "allocations",
                    },
                ),
                migrations.CreateModel(
                    name="AutomaticCharge",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("purpose", models.CharField(max_length=8, verbose_name="purpose")),
                        ("is_on", models.BooleanField(verbose_name="switched on")),
                        (
                            "below",
                            models.BigIntegerField(blank=True, null=True, verbose_name="when less is available than"),
                        ),
                        ("amount", models.BigIntegerField(blank=True, null=True, verbose_name="amount")),
                        ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="declined in a row")),
                        ("next_at", models.DateTimeField(blank=True, null=True, verbose_name="next try")),
                        ("failure", models.CharField(blank=True, max_length=200, verbose_name="last reason")),
                        (
                            "customer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="automatic_charges",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "consent",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="automatic_charges",
                                to="payments.consent",
                                verbose_name="consent",
                            ),
                        ),
                        (
                            "linked",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="automatic_charges",
                                to="payments.linkedaccount",
                                verbose_name="linked account",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "automatic charge",
                        "verbose_name_plural": "automatic charges",
                    },
                ),
                migrations.CreateModel(
                    name="BankTransfer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("account", models.CharField(max_length=40, verbose_name="account of ours")),
                        ("key", models.CharField(max_length=60, verbose_name="reference as compared")),
                        ("reference", models.CharField(max_length=60, verbose_name="reference of the bank")),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("channel", models.CharField(db_default="staff", max_length=5, verbose_name="known from")),
                        (
                            "note",
                            models.CharField(
                                blank=True, db_default="", max_length=500, verbose_name="text of the transfer"
                            ),
                        ),
                        ("payer", models.CharField(blank=True, db_default="", max_length=200, verbose_name="payer")),
                        ("value_date", models.DateField(blank=True, null=True, verbose_name="value date")),
                        ("assigned", models.BigIntegerField(default=0, verbose_name="given to customers")),
                        ("returned", models.BigIntegerField(db_default=0, default=0, verbose_name="sent back")),
                        ("seen_at", models.DateTimeField(blank=True, null=True, verbose_name="looked at")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("at", models.DateTimeField(verbose_name="at")),
                    ],
                    options={
                        "verbose_name": "bank transfer",
                        "verbose_name_plural": "bank transfers",
                        "indexes": [
                            models.Index(
                                condition=models.Q(
                                    (
                                        "amount__gt",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("assigned"), "+", models.F("returned")
                                        ),
                                    )
                                ),
                                fields=["at"],
                                name="transfers_with_a_rest",
                            ),
                            models.Index(
                                condition=models.Q(("seen_at", None)), fields=["id"], name="transfers_nobody_looked_at"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("account", "key"), name="a_transfer_is_known_once_per_account"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("amount__gt", 0),
                                    ("amount__lte", 1000000000000),
                                    ("assigned__gte", 0),
                                    (
                                        "assigned__lte",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("amount"), "-", models.F("returned")
                                        ),
                                    ),
                                    ("returned__gte", 0),
                                ),
                                name="no_more_of_a_transfer_is_given_than_arrived",
                            ),
                        ],
                    },
                ),
            ],
        ),
        store.migrating.Together(
            operations=[
                migrations.AddConstraint(
                    model_name="statementday",
                    constraint=models.UniqueConstraint(
                        fields=("source", "day"), name="a_source_has_one_statement_a_day"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="linkedaccount",
                    constraint=models.UniqueConstraint(
                        fields=("gateway", "reference"), name="a_link_is_known_once_per_gateway"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="automaticcharge",
                    constraint=models.UniqueConstraint(
                        fields=("customer", "purpose"), name="one_automatic_charge_per_purpose"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="gatewaynotice",
                    constraint=models.UniqueConstraint(
                        fields=("gateway", "digest"), name="one_row_per_gateway_and_words"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="paymentrequest",
                    constraint=models.UniqueConstraint(
                        fields=("id", "customer"), name="a_payment_request_is_one_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="paymentrequest",
                    constraint=models.UniqueConstraint(fields=("digest",), name="a_link_to_pay_leads_to_one_request"),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.UniqueConstraint(fields=("id", "customer"), name="a_payment_is_one_customers"),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.UniqueConstraint(fields=("reference",), name="payment_reference_is_unique"),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.UniqueConstraint(
                        fields=("gateway", "gateway_txn_id"), name="one_payment_per_gateway_transaction"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="expectedtransfer",
                    constraint=models.UniqueConstraint(
                        fields=("id", "customer"), name="an_expected_transfer_is_one_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="expectedtransfer",
                    constraint=models.UniqueConstraint(
                        fields=("reference",), name="a_transfers_reference_is_given_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="refund",
                    constraint=models.UniqueConstraint(
                        fields=("gateway", "reference"), name="a_refund_is_asked_for_under_its_own_reference"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="refund",
                    constraint=models.UniqueConstraint(
                        fields=("gateway", "gateway_txn_id"), name="one_refund_per_gateway_transaction"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reversal",
                    constraint=models.UniqueConstraint(fields=("id", "customer"), name="a_reversal_is_one_customers"),
                ),
                migrations.AddConstraint(
                    model_name="reversal",
                    constraint=models.UniqueConstraint(
                        fields=("payment", "reference"), name="money_is_taken_back_once_per_reference"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="statementline",
                    constraint=models.UniqueConstraint(
                        fields=("statement", "movement", "transaction", "reference", "amount", "nth"),
                        name="a_line_is_kept_once",
                    ),
                ),
                migrations.AddIndex(
                    model_name="statementday",
                    index=models.Index(
                        condition=models.Q(("read_at", None)), fields=["source", "day"], name="statements_to_ask_for"
                    ),
                ),
                migrations.AddIndex(
                    model_name="linkedaccount",
                    index=models.Index(
                        condition=models.Q(("ask_at__isnull", False)), fields=["ask_at"], name="links_to_ask_about"
                    ),
                ),
                migrations.AddIndex(
                    model_name="linkedaccount",
                    index=models.Index(
                        condition=models.Q(("stuck_at__isnull", False)),
                        fields=["stuck_at"],
                        name="links_that_are_stuck",
                    ),
                ),
                migrations.AddIndex(
                    model_name="linkedaccount",
                    index=models.Index(
                        condition=models.Q(("state", "active")), fields=["expires_at"], name="links_with_an_end"
                    ),
                ),
                migrations.AddIndex(
                    model_name="automaticcharge",
                    index=models.Index(
                        condition=models.Q(("is_on", True)), fields=["purpose", "next_at"], name="charges_to_try"
                    ),
                ),
                migrations.AddIndex(
                    model_name="paymentrequest",
                    index=models.Index(
                        fields=["customer", "-created_at", "-id"], name="payment_requests_of_a_customer"
                    ),
                ),
                migrations.AddIndex(
                    model_name="paymentrequest",
                    index=models.Index(
                        django.db.models.functions.text.Upper("email"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        name="payment_requests_to_one_person",
                    ),
                ),
                migrations.AddIndex(
                    model_name="paymentrequest",
                    index=models.Index(
                        condition=models.Q(("state", "open")), fields=["expires_at"], name="payment_requests_to_end"
                    ),
                ),
                migrations.AddIndex(
                    model_name="paymentrequest",
                    index=models.Index(
                        condition=models.Q(("order_id__isnull", False)),
                        fields=["order_id"],
                        name="payment_requests_of_orders",
                    ),
                ),
                migrations.AddIndex(
                    model_name="payment",
                    index=models.Index(
                        condition=models.Q(("order_id__isnull", False)),
                        fields=["order_id"],
                        name="payments_of_an_order",
                    ),
                ),
                migrations.AddIndex(
                    model_name="payment",
                    index=models.Index(
                        condition=models.Q(("expected__isnull", False)),
                        fields=["expected"],
                        name="payments_of_a_transfer",
                    ),
                ),
                migrations.AddIndex(
                    model_name="payment",
                    index=models.Index(
                        condition=models.Q(("request__isnull", False)), fields=["request"], name="payments_on_behalf"
                    ),
                ),
                migrations.AddIndex(
                    model_name="payment",
                    index=models.Index(
                        condition=models.Q(("linked__isnull", False)),
                        fields=["linked", "created_at"],
                        name="payments_of_a_linked_account",
                    ),
                ),
                migrations.AddIndex(
                    model_name="payment",
                    index=models.Index(
                        fields=["customer", "-created_at", "-id"],
                        include=("state", "kind", "means", "amount", "captured", "refunded", "taken_back", "to_source"),
                        name="payments_of_a_customer",
                    ),
                ),
                migrations.AddIndex(
                    model_name="payment",
                    index=models.Index(
                        condition=models.Q(("check_at__isnull", False)),
                        fields=["check_at"],
                        name="payments_to_ask_about",
                    ),
                ),
                migrations.AddIndex(
                    model_name="payment",
                    index=models.Index(
                        condition=models.Q(("captured__isnull", False)),
                        fields=["gateway", "settled_at"],
                        name="payments_received_by_a_gateway",
                    ),
                ),
                migrations.AddIndex(
                    model_name="payment",
                    index=models.Index(
                        condition=models.Q(("held", ""), _negated=True),
                        fields=["created_at"],
                        name="payments_held_for_staff",
                    ),
                ),
                migrations.AddIndex(
                    model_name="expectedtransfer",
                    index=models.Index(
                        fields=["customer", "-created_at", "-id"], name="expected_transfers_of_customer"
                    ),
                ),
                migrations.AddIndex(
                    model_name="expectedtransfer",
                    index=models.Index(
                        condition=models.Q(("request__isnull", False)), fields=["request"], name="transfers_on_behalf"
                    ),
                ),
                migrations.AddIndex(
                    model_name="expectedtransfer",
                    index=models.Index(
                        condition=models.Q(("order_id__isnull", False)),
                        fields=["order_id"],
                        name="expected_transfers_of_orders",
                    ),
                ),
                migrations.AddIndex(
                    model_name="refund",
                    index=models.Index(
                        condition=models.Q(("check_at__isnull", False)),
                        fields=["check_at"],
                        name="refunds_to_ask_about",
                    ),
                ),
                migrations.AddIndex(
                    model_name="refund",
                    index=models.Index(
                        condition=models.Q(("state__in", ["approved", "under_way"])),
                        fields=["approved_at"],
                        name="refunds_that_are_undecided",
                    ),
                ),
                migrations.AddIndex(
                    model_name="refund",
                    index=models.Index(
                        condition=models.Q(("gateway_txn_id__isnull", False)),
                        fields=["gateway", "settled_at"],
                        name="refunds_done_by_a_gateway",
                    ),
                ),
                migrations.AddIndex(
                    model_name="reversal",
                    index=models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["at"],
                        name="reversals_that_staff_look_at",
                    ),
                ),
                migrations.AddIndex(
                    model_name="reversal",
                    index=models.Index(
                        condition=models.Q(("debt__gt", models.F("collected"))),
                        fields=["customer"],
                        name="open_debts_of_a_customer",
                    ),
                ),
                migrations.AddIndex(
                    model_name="allocation",
                    index=models.Index(
                        condition=models.Q(("payment__isnull", False)),
                        fields=["payment"],
                        name="allocations_of_a_payment",
                    ),
                ),
                migrations.AddIndex(
                    model_name="statementline",
                    index=models.Index(fields=["source", "transaction"], name="lines_of_a_transaction"),
                ),
                migrations.AddIndex(
                    model_name="statementline",
                    index=models.Index(
                        condition=models.Q(("movement", "payment"), _negated=True),
                        fields=["source", "reference"],
                        name="lines_that_are_no_payments",
                    ),
                ),
                migrations.AddIndex(
                    model_name="reconciliationcase",
                    index=models.Index(
                        condition=models.Q(("resolved_at", None)),
                        fields=["source", "day"],
                        name="differences_that_are_open",
                    ),
                ),
                migrations.AddIndex(
                    model_name="transferclaim",
                    index=models.Index(
                        condition=models.Q(("state", "open")), fields=["at"], name="claims_that_are_open"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="linkedaccount",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("customer",),
                        name="one_default_account_per_customer",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="linkedaccount",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("charge_limit__gt", 0),
                            ("charge_limit__lte", 1000000000000),
                            ("month_limit__gt", 0),
                            ("month_limit__lte", 1000000000000),
                        ),
                        name="limits_of_an_account_are_sane",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="linkedaccount",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("is_default", False), ("state", "active"), _connector="OR"),
                        name="only_what_is_linked_is_the_default",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="linkedaccount",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "active"), _negated=True),
                            models.Q(models.Q(("token", ""), _negated=True), ("linked_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="what_is_linked_has_a_token",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="linkedaccount",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("stuck_at__isnull", True),
                            models.Q(("ask_at__isnull", True), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="only_what_has_ended_here_is_stuck",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="linkedaccount",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state__in", ["pending", "active"])),
                            models.Q(
                                models.Q(("state__in", ["pending", "active"]), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_link_that_ended_says_when",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="consent",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), _negated=True), models.Q(("version", ""), _negated=True)
                        ),
                        name="a_consent_has_its_words",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="automaticcharge",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount__isnull", False),
                                ("below__isnull", False),
                                ("purpose", "top_up"),
                                ("amount__gt", 0),
                                ("amount__lte", 1000000000000),
                                ("below__gt", 0),
                                ("below__lte", 1000000000000),
                            ),
                            models.Q(("amount__isnull", True), ("below__isnull", True), ("purpose", "invoices")),
                            _connector="OR",
                        ),
                        name="only_a_top_up_has_an_amount",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="paymentrequest",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", 1000000000000)),
                        name="an_amount_asked_for_is_sane",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="paymentrequest",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at__gt", models.F("created_at")),
                            (
                                "expires_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("created_at"), "+", models.Value(datetime.timedelta(days=3))
                                ),
                            ),
                        ),
                        name="a_request_is_valid_for_three_days",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="paymentrequest",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("invoice_ids", []), ("kind", "order"), ("order_id__isnull", False)),
                            models.Q(
                                ("kind", "invoice"),
                                ("order_id__isnull", True),
                                models.Q(("invoice_ids", []), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_request_names_an_order_or_invoices",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="paymentrequest",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state", "open")),
                            models.Q(models.Q(("state", "open"), _negated=True), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_request_that_ended_says_when",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=store.carried.CarriedKey(
                        "expected", carries="customer", name="an_expected_payment_is_its_transfers_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=store.carried.CarriedKey(
                        "request", carries="customer", name="a_payment_on_behalf_is_its_requests_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "payable",
                                    django.db.models.functions.text.Concat(
                                        models.Value("behalf:"),
                                        django.db.models.functions.comparison.Cast("request_id", models.CharField()),
                                    ),
                                ),
                                ("request__isnull", False),
                            ),
                            models.Q(
                                ("request__isnull", True), models.Q(("payable__startswith", "behalf:"), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="a_payment_on_behalf_names_its_request",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", 1000000000000)),
                        name="payment_amount_is_sane",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("promotional__gte", 0), ("promotional__lte", models.F("amount"))),
                        name="promotional_part_is_part_of_it",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("allocated__gte", 0),
                            (
                                "allocated__lte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.functions.comparison.Coalesce(
                                        models.F("captured"), models.F("amount")
                                    ),
                                    "-",
                                    models.F("refunded"),
                                ),
                            ),
                            ("refunded__gte", 0),
                        ),
                        name="a_payment_is_spent_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("captured__gt", 0),
                                ("captured__lte", 1000000000000),
                                ("means", "gateway"),
                                ("state__in", ["succeeded", "refunded"]),
                                ("captured__isnull", False),
                                ("gateway_txn_id__gt", ""),
                                ("gateway_txn_id__isnull", False),
                            ),
                            models.Q(
                                models.Q(("means", "gateway"), ("state__in", ["succeeded", "refunded"]), _negated=True),
                                ("captured__isnull", True),
                                ("gateway_txn_id__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="a_gateway_says_what_it_received",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "top_up"), _negated=True),
                            models.Q(("allocated", 0), ("promotional", 0), ("refunded", 0)),
                            _connector="OR",
                        ),
                        name="a_top_up_pays_nothing",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("means", "gateway"), _negated=True),
                            models.Q(
                                ("kind", "order"),
                                ("order_id__isnull", False),
                                (
                                    "payable",
                                    django.db.models.functions.text.Concat(
                                        models.Value("order:"),
                                        django.db.models.functions.comparison.Cast("order_id", models.CharField()),
                                    ),
                                ),
                            ),
                            models.Q(
                                models.Q(("kind", "order"), _negated=True),
                                ("payable__regex", "^[a-z_]+:[A-Za-z0-9-]+$"),
                            ),
                            _connector="OR",
                        ),
                        name="an_attempt_names_what_it_pays",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("taken_back__gte", 0),
                            (
                                "taken_back__lte",
                                django.db.models.functions.comparison.Coalesce(
                                    models.F("captured"), models.F("amount")
                                ),
                            ),
                        ),
                        name="no_more_is_taken_back_than_came",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("to_source__gte", 0),
                            (
                                "to_source__lte",
                                django.db.models.functions.comparison.Coalesce(
                                    models.F("captured"), models.F("amount")
                                ),
                            ),
                        ),
                        name="no_more_goes_back_than_came",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["succeeded", "refunded"]), _negated=True),
                            models.Q(("check_at__isnull", True), ("held", "")),
                            _connector="OR",
                        ),
                        name="what_succeeded_is_neither_held_nor_asked_about",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("gateway", ""), ("means", "gateway"), _negated=True),
                        name="a_gateway_payment_names_its_gateway",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("consent__isnull", True), ("linked__isnull", True)),
                            models.Q(("consent__isnull", False), ("linked__isnull", False), ("means", "gateway")),
                            _connector="OR",
                        ),
                        name="a_linked_charge_names_its_consent",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="payment",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state__in", ["created", "processing", "unknown"])),
                        fields=("customer", "payable"),
                        name="one_open_attempt_per_payable",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="expectedtransfer",
                    constraint=store.carried.CarriedKey(
                        "request", carries="customer", name="a_transfer_on_behalf_is_its_requests_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="expectedtransfer",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "payable",
                                    django.db.models.functions.text.Concat(
                                        models.Value("behalf:"),
                                        django.db.models.functions.comparison.Cast("request_id", models.CharField()),
                                    ),
                                ),
                                ("request__isnull", False),
                            ),
                            models.Q(
                                ("request__isnull", True), models.Q(("payable__startswith", "behalf:"), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="a_transfer_on_behalf_names_its_request",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="expectedtransfer",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("closed_at", None), ("met_at", None)),
                        fields=("customer", "payable"),
                        name="one_transfer_is_expected_per_payable",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="expectedtransfer",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", 1000000000000)),
                        name="an_expected_amount_is_sane",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="expectedtransfer",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "order"),
                                ("order_id__isnull", False),
                                (
                                    "payable",
                                    django.db.models.functions.text.Concat(
                                        models.Value("order:"),
                                        django.db.models.functions.comparison.Cast("order_id", models.CharField()),
                                    ),
                                ),
                            ),
                            models.Q(
                                models.Q(("kind", "order"), _negated=True),
                                ("payable__regex", "^[a-z_]+:[A-Za-z0-9-]+$"),
                            ),
                            _connector="OR",
                        ),
                        name="an_expected_transfer_names_what_it_pays",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="expectedtransfer",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "order"), ("order_id__isnull", False)),
                            models.Q(models.Q(("kind", "order"), _negated=True), ("order_id__isnull", True)),
                            _connector="OR",
                        ),
                        name="a_transfer_for_an_order_names_it",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="refund",
                    constraint=store.carried.CarriedKey(
                        "payment", carries="customer", name="a_refund_is_its_payments_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="refund",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", 1000000000000)),
                        name="a_refund_returns_an_amount",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="refund",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state__in", ["approved", "under_way"])),
                        fields=("payment",),
                        name="one_refund_of_a_payment_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="refund",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("came_back_at", None),
                                ("gateway_txn_id", None),
                                ("sent_at", None),
                                ("settled_at", None),
                                ("state", "approved"),
                            ),
                            models.Q(
                                ("came_back_at", None),
                                ("gateway_txn_id", None),
                                ("sent_at__isnull", False),
                                ("settled_at", None),
                                ("state", "under_way"),
                            ),
                            models.Q(
                                ("came_back_at", None),
                                ("check_at", None),
                                ("sent_at__isnull", False),
                                ("settled_at__isnull", False),
                                ("state", "done"),
                                ("gateway_txn_id__gt", ""),
                                ("gateway_txn_id__isnull", False),
                            ),
                            models.Q(
                                ("check_at", None),
                                ("settled_at__isnull", False),
                                ("state", "failed"),
                                models.Q(("failure", ""), _negated=True),
                                models.Q(
                                    models.Q(("came_back_at", None), ("gateway_txn_id", None)),
                                    models.Q(
                                        ("came_back_at__isnull", False),
                                        ("gateway_txn_id__gt", ""),
                                        ("gateway_txn_id__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="a_refund_says_how_it_stands",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reversal",
                    constraint=store.carried.CarriedKey(
                        "payment", carries="customer", name="a_reversal_is_its_payments_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reversal",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("told_as", ""), _negated=True),
                        fields=("payment", "told_as"),
                        name="a_statement_names_one_reversal",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reversal",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0),
                            ("amount__lte", 1000000000000),
                            ("debt__gte", 0),
                            ("from_credit__gte", 0),
                            ("reopened__gte", 0),
                            (
                                "amount",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("from_credit"), "+", models.F("reopened")
                                    ),
                                    "+",
                                    models.F("debt"),
                                ),
                            ),
                        ),
                        name="what_is_taken_back_comes_from_somewhere",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reversal",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("collected__gte", 0), ("collected__lte", models.F("debt"))),
                        name="no_more_is_collected_than_the_debt",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reversal",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("given_back", 0), ("given_back_at__isnull", True)),
                            models.Q(
                                ("given_back__gt", 0),
                                ("given_back__lte", models.F("amount")),
                                ("given_back_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="something_is_given_back_at_an_instant",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reversal",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("given_back", 0),
                            (
                                "collected__gte",
                                django.db.models.functions.comparison.Least(models.F("debt"), models.F("given_back")),
                            ),
                            _connector="OR",
                        ),
                        name="what_was_given_back_is_not_owed",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reversal",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("given_back", models.F("amount")), _negated=True),
                            ("closed_at__isnull", False),
                            _connector="OR",
                        ),
                        name="nobody_looks_at_what_was_won",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="allocation",
                    constraint=store.carried.CarriedKey(
                        "invoice", carries="customer", name="an_allocation_is_its_invoices_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="allocation",
                    constraint=store.carried.CarriedKey(
                        "payment", carries="customer", name="an_allocation_is_its_payments_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="allocation",
                    constraint=store.carried.CarriedKey(
                        "credit_note", carries="customer", name="an_allocation_is_its_credit_notes_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="allocation",
                    constraint=store.carried.CarriedKey(
                        "reversal", carries="customer", name="an_allocation_is_its_reversals_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="allocation",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount__gt", 0),
                                ("promotional__gte", 0),
                                ("promotional__lte", models.F("amount")),
                                ("reversal__isnull", True),
                            ),
                            models.Q(("amount__lt", 0), ("promotional", 0), ("reversal__isnull", False)),
                            _connector="OR",
                        ),
                        name="allocation_is_positive",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="allocation",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credit_note__isnull", True), ("payment__isnull", False)),
                            models.Q(("credit_note__isnull", False), ("payment__isnull", True)),
                            _connector="OR",
                        ),
                        name="an_allocation_has_one_source",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="allocation",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("reversal__isnull", True)),
                        fields=("payment", "invoice"),
                        name="a_payment_reaches_an_invoice_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="statementline",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", 1000000000000)),
                        name="a_line_moves_an_amount",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reconciliationcase",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("line__isnull", False)), fields=("line",), name="a_line_differs_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reconciliationcase",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("line", None), ("payment__isnull", False)),
                        fields=("payment",),
                        name="a_payment_is_missing_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reconciliationcase",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("line", None), ("transfer__isnull", False)),
                        fields=("transfer",),
                        name="a_transfer_is_missing_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reconciliationcase",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("line", None), ("refund__isnull", False)),
                        fields=("refund", "movement"),
                        name="a_refund_is_missing_once_each_way",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reconciliationcase",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("line", None), ("reversal__isnull", False)),
                        fields=("reversal", "movement"),
                        name="a_reversal_is_missing_once_each_way",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reconciliationcase",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "missing_there"),
                                ("line", None),
                                ("ours__gt", 0),
                                ("ours__isnull", False),
                                ("theirs", None),
                                models.Q(
                                    models.Q(
                                        ("movement", "payment"),
                                        ("payment__isnull", False),
                                        ("refund", None),
                                        ("reversal", None),
                                        ("transfer", None),
                                    ),
                                    models.Q(
                                        ("movement", "payment"),
                                        ("payment", None),
                                        ("refund", None),
                                        ("reversal", None),
                                        ("transfer__isnull", False),
                                    ),
                                    models.Q(
                                        ("payment", None),
                                        ("refund__isnull", False),
                                        ("reversal", None),
                                        ("transfer", None),
                                        ("movement__in", ["refund", "came_back"]),
                                    ),
                                    models.Q(
                                        ("payment", None),
                                        ("refund", None),
                                        ("reversal__isnull", False),
                                        ("transfer", None),
                                        ("movement__in", ["taken_back", "given_back"]),
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            models.Q(
                                models.Q(("kind", "missing_there"), _negated=True),
                                ("line__isnull", False),
                                ("movement", ""),
                                ("theirs__gt", 0),
                                ("theirs__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_difference_has_its_sides",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reconciliationcase",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "amount"), _negated=True),
                            models.Q(
                                ("ours__isnull", False),
                                ("theirs__isnull", False),
                                models.Q(("ours", models.F("theirs")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="two_amounts_differ",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reconciliationcase",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), ("resolution", ""), ("resolved_at", None), ("resolved_by", "")),
                            models.Q(
                                models.Q(("resolution", ""), _negated=True),
                                models.Q(("resolved_by", ""), _negated=True),
                                ("resolved_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_difference_is_open_or_says_how_it_ended",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="reconciliationcase",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolution__in", ["explained", "suspense"]), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="staff_say_why_a_difference_is_none",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="transferclaim",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", 1000000000000)),
                        name="a_claimed_amount_is_sane",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="transferclaim",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", True), ("state", "open"), ("transfer__isnull", True)),
                            models.Q(("answered_at__isnull", False), ("state", "found"), ("transfer__isnull", False)),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("state", "refused"),
                                ("transfer__isnull", True),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_claim_is_open_found_or_refused",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="transferclaim",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("customer", "amount", "day"),
                        name="a_transfer_is_claimed_once_at_a_time",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="banktransfer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="8c49aca72794a7267ac0fe5036e304e1a4eaeb35",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_c17fc",
                            table="payments_banktransfer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="banktransfer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_arrived",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.account IS DISTINCT FROM OLD.account OR NEW.key IS DISTINCT FROM OLD.key OR NEW.reference IS DISTINCT FROM OLD.reference OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.channel IS DISTINCT FROM OLD.channel OR NEW.note IS DISTINCT FROM OLD.note OR NEW.payer IS DISTINCT FROM OLD.payer OR NEW.value_date IS DISTINCT FROM OLD.value_date OR NEW.actor IS DISTINCT FROM OLD.actor OR NEW.at IS DISTINCT FROM OLD.at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="9d64689ac772d4ef22a4bde9b0e6bbd85caad048",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_arrived_53d29",
                            table="payments_banktransfer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="statementday",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="b9a2824e56816c64967cd0cabda8f3963bcf7ca6",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_6d4c8",
                            table="payments_statementday",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="statementday",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_its_day",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.source IS DISTINCT FROM OLD.source OR NEW.day IS DISTINCT FROM OLD.day) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="6b91c66652dae4968b8899aa099bd9172cc5fba5",
                            operation="UPDATE",
                            pgid="pgtrigger_is_of_its_day_588af",
                            table="payments_statementday",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="statementday",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_read_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.read_at IS DISTINCT FROM OLD.read_at) AND NOT (OLD.read_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="34fa64e5f9c6abec1ce1c731b0f8776673b74633",
                            operation="UPDATE",
                            pgid="pgtrigger_is_read_once_f71be",
                            table="payments_statementday",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoicebornpaid",
                    trigger=pgtrigger.compiler.Trigger(
                        name="born_paid_means_allocated",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NEW."paid" > 0)',
                            constraint="CONSTRAINT",
                            func="\n                IF NEW.paid <> coalesce((SELECT sum(amount) FROM payments_allocation a WHERE a.invoice_id = NEW.id), 0) THEN\n                    RAISE EXCEPTION 'invoice % says that it is paid, but no payment says so', NEW.number\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="908828752a5ff26056fe660e76b7a25b7789de3e",
                            operation="INSERT",
                            pgid="pgtrigger_born_paid_means_allocated_fca1d",
                            table="invoices_invoice",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="linkedaccount",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="fbc468c3a482f8fccbf050c0b47b26b8bde28450",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_10959",
                            table="payments_linkedaccount",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="linkedaccount",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="369a6f9907f854899a23d1da2ea309a067196ad5",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_7f610",
                            table="payments_linkedaccount",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="linkedaccount",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'pending' AND NOT (FALSE) THEN\n                RAISE EXCEPTION '% starts as pending, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('active', 'expired'), ('active', 'revoked'), ('active', 'unlinked'), ('pending', 'active'), ('pending', 'expired'), ('pending', 'refused'), ('pending', 'unlinked')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                            hash="58d2ff2476bf010f0c0d03dbabbe0e7cad45295e",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_69922",
                            table="payments_linkedaccount",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="linkedaccount",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_begun",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.gateway IS DISTINCT FROM OLD.gateway OR NEW.reference IS DISTINCT FROM OLD.reference OR NEW.actor IS DISTINCT FROM OLD.actor OR NEW.created_at IS DISTINCT FROM OLD.created_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="2e3bae9305042d85c35cd2704f1c1f61fd124bed",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_begun_73c5b",
                            table="payments_linkedaccount",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="consent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="0af1cae85939014ba61b2f8b7e2b9bd498175c8f",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_ff29a",
                            table="payments_consent",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="consent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_the_accounts_customer",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF NOT EXISTS (\n                    SELECT FROM payments_linkedaccount WHERE id = NEW.linked_id AND customer_id = NEW.customer_id\n                ) THEN\n                    RAISE EXCEPTION 'consent % is not of the customer of its account', NEW.id USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="7a354fe10b26e4f2b418a1da81c3c963961ed168",
                            operation="INSERT",
                            pgid="pgtrigger_is_of_the_accounts_customer_863fd",
                            table="payments_consent",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="automaticcharge",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NEW."is_on")',
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="29c2902ac6a802e31c09a8a9d978a31666243396",
                            operation='INSERT OR UPDATE OF "is_on"',
                            pgid="pgtrigger_a_closed_account_opens_nothing_00bd6",
                            table="payments_automaticcharge",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="automaticcharge",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="db5b044ecaa073f353fdd1e5189db30ff3ac8caa",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_78a1c",
                            table="payments_automaticcharge",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="automaticcharge",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_one_customer_and_purpose",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.purpose IS DISTINCT FROM OLD.purpose) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="7cc07d826546e9b4c807ef32f016ff37aa413e78",
                            operation="UPDATE",
                            pgid="pgtrigger_is_of_one_customer_and_purpose_29d1c",
                            table="payments_automaticcharge",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="automaticcharge",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_agreed_to",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF NEW.is_on AND NOT EXISTS (\n                    SELECT FROM payments_consent c JOIN payments_linkedaccount a ON a.id = c.linked_id\n                    WHERE c.id = NEW.consent_id AND c.scope = NEW.purpose AND c.linked_id = NEW.linked_id\n                        AND c.customer_id = NEW.customer_id AND a.state = 'active'\n                ) THEN\n                    RAISE EXCEPTION 'nobody agreed to this automatic charge of customer %', NEW.customer_id\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="bef4239d52d60c355ad3025f1a4914e0e6a395a5",
                            operation='INSERT OR UPDATE OF "linked_id", "consent_id", "is_on"',
                            pgid="pgtrigger_is_what_was_agreed_to_f012b",
                            table="payments_automaticcharge",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="gatewaynotice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="1fc9439c18bf217572bd9f255b3e0c0e6a601328",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_d8d1a",
                            table="payments_gatewaynotice",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="gatewaynotice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_told",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.gateway IS DISTINCT FROM OLD.gateway OR NEW.digest IS DISTINCT FROM OLD.digest OR NEW.body IS DISTINCT FROM OLD.body OR NEW.is_genuine IS DISTINCT FROM OLD.is_genuine OR NEW.payment_id IS DISTINCT FROM OLD.payment_id OR NEW.linked_id IS DISTINCT FROM OLD.linked_id OR NEW.received_at IS DISTINCT FROM OLD.received_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="c114c92c44265dcf68394c26e6c3cd78557ee16d",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_told_4656b",
                            table="payments_gatewaynotice",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="gatewaynotice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_judged_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.verdict IS DISTINCT FROM OLD.verdict) AND NOT (OLD.verdict = '') THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="3206649d7d15a28f3d5ff06ce758f6ad5ad9a2bf",
                            operation="UPDATE",
                            pgid="pgtrigger_is_judged_once_727db",
                            table="payments_gatewaynotice",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="paymentrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="bd8de7a0dd466a348166fa1e97d173f84e50ef3b",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_4d04d",
                            table="payments_paymentrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="paymentrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="854c287f8e2976d323d4ca3dcd2485534faba772",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_12e1b",
                            table="payments_paymentrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="paymentrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'open' AND NOT (FALSE) THEN\n                RAISE EXCEPTION '% starts as open, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('expired', 'paid'), ('open', 'expired'), ('open', 'paid'), ('open', 'withdrawn'), ('withdrawn', 'paid')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n                IF NEW.state = 'expired' AND NEW.ended_at < NEW.expires_at THEN\n                    RAISE EXCEPTION 'payment request % is still valid', NEW.id USING ERRCODE = 'check_violation';\n                END IF;\n                \n        END IF;\n        RETURN NEW;\n        ",
                            hash="c32f9b0b60ba657ce9d9fe60ee872a2fbd8d51a2",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_f50ea",
                            table="payments_paymentrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="paymentrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_asked_for",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.order_id IS DISTINCT FROM OLD.order_id OR NEW.invoice_ids IS DISTINCT FROM OLD.invoice_ids OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.language IS DISTINCT FROM OLD.language OR NEW.digest IS DISTINCT FROM OLD.digest OR NEW.actor IS DISTINCT FROM OLD.actor OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.expires_at IS DISTINCT FROM OLD.expires_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="add5700a4608a0ba777523383f5c0a07c365e7ee",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_asked_for_38d9c",
                            table="payments_paymentrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="paymentrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="asks_whom_it_was_to_ask",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.email IS DISTINCT FROM OLD.email OR NEW.shown_name IS DISTINCT FROM OLD.shown_name) AND NOT (NEW.email = '' AND NEW.shown_name = '' AND EXISTS (SELECT FROM accounts_customer c WHERE c.id = OLD.customer_id AND c.closed_at IS NOT NULL)) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="90caf468e98bd041338f68e0d05bb0cbfc149ad1",
                            operation="UPDATE",
                            pgid="pgtrigger_asks_whom_it_was_to_ask_b2f50",
                            table="payments_paymentrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="paymentrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="was_first_opened_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.opened_at IS DISTINCT FROM OLD.opened_at) AND NOT (OLD.opened_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="3a695fc023805694482a9cd77475dc6f9f2f93a1",
                            operation="UPDATE",
                            pgid="pgtrigger_was_first_opened_once_71901",
                            table="payments_paymentrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (NEW.\"state\" = 'created')",
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="8f0999e94a1c774bf7548d83ecab5e373e2e0b6d",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_1fa54",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="fe3500177b0715d6ab61bf502dd371b862cbe30d",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_075ea",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'created' AND NOT (NEW.state = 'succeeded' AND NEW.means <> 'gateway') THEN\n                RAISE EXCEPTION '% starts as created, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('cancelled', 'succeeded'), ('created', 'cancelled'), ('created', 'failed'), ('created', 'processing'), ('created', 'succeeded'), ('created', 'unknown'), ('failed', 'succeeded'), ('processing', 'cancelled'), ('processing', 'failed'), ('processing', 'succeeded'), ('processing', 'unknown'), ('refunded', 'succeeded'), ('succeeded', 'refunded'), ('unknown', 'cancelled'), ('unknown', 'failed'), ('unknown', 'processing'), ('unknown', 'succeeded')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n                IF OLD.state = 'refunded' AND NEW.to_source >= coalesce(NEW.captured, NEW.amount) - NEW.refunded THEN\n                    RAISE EXCEPTION 'nothing of payment % came back', NEW.reference USING ERRCODE = 'check_violation';\n                END IF;\n                \n        END IF;\n        RETURN NEW;\n        ",
                            hash="62b2ed0da24ee0b8f70f12e79995bed36bfe528a",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_b8d64",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_attempted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.means IS DISTINCT FROM OLD.means OR NEW.gateway IS DISTINCT FROM OLD.gateway OR NEW.reference IS DISTINCT FROM OLD.reference OR NEW.payable IS DISTINCT FROM OLD.payable OR NEW.order_id IS DISTINCT FROM OLD.order_id OR NEW.expected_id IS DISTINCT FROM OLD.expected_id OR NEW.linked_id IS DISTINCT FROM OLD.linked_id OR NEW.consent_id IS DISTINCT FROM OLD.consent_id OR NEW.request_id IS DISTINCT FROM OLD.request_id OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.promotional IS DISTINCT FROM OLD.promotional OR NEW.created_at IS DISTINCT FROM OLD.created_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="7a0ec1c2324aaa3e3ec7ab0a8778647c82b06de0",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_attempted_74f04",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="what_was_received_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.captured IS DISTINCT FROM OLD.captured OR NEW.gateway_txn_id IS DISTINCT FROM OLD.gateway_txn_id) AND NOT (OLD.captured IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="7568e0d3911c94ede9536036786943a493f7e597",
                            operation="UPDATE",
                            pgid="pgtrigger_what_was_received_stands_6c6a5",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="what_went_back_stays_back",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.refunded IS DISTINCT FROM OLD.refunded) AND NOT (NEW.refunded > OLD.refunded) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="02290fc083120460a4e589b30737bda9f7223065",
                            operation="UPDATE",
                            pgid="pgtrigger_what_went_back_stays_back_f4dc5",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_linked_account_is_charged_as_agreed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NEW."linked_id" IS NOT NULL)',
                            declare="DECLARE account payments_linkedaccount%ROWTYPE; agreed payments_consent%ROWTYPE; spent numeric;",
                            func="\n    -- Held first, so that two charges at once see each other.\n    SELECT * INTO account FROM payments_linkedaccount WHERE id = NEW.linked_id FOR NO KEY UPDATE;\n    IF account.customer_id <> NEW.customer_id OR account.gateway <> NEW.gateway THEN\n        RAISE EXCEPTION 'payment % charges an account of somebody else', NEW.reference USING ERRCODE = 'check_violation';\n    END IF;\n    IF account.state <> 'active' OR account.expires_at <= NEW.created_at THEN\n        RAISE EXCEPTION 'payment % charges an account that is not linked', NEW.reference USING ERRCODE = 'check_violation';\n    END IF;\n    SELECT * INTO agreed FROM payments_consent WHERE id = NEW.consent_id AND linked_id = NEW.linked_id AND at <= NEW.created_at;\n    IF NOT FOUND OR (agreed.scope <> 'charges' AND NOT EXISTS (\n        SELECT FROM payments_automaticcharge WHERE consent_id = agreed.id AND is_on\n    )) THEN\n        RAISE EXCEPTION 'payment % charges without a consent', NEW.reference USING ERRCODE = 'check_violation';\n    END IF;\n    SELECT coalesce(sum(amount), 0) INTO spent FROM payments_payment\n    WHERE linked_id = NEW.linked_id AND state NOT IN ('failed', 'cancelled')\n        AND date_trunc('month', created_at AT TIME ZONE public.billing_zone())\n            = date_trunc('month', NEW.created_at AT TIME ZONE public.billing_zone());\n    IF NEW.amount > account.charge_limit OR NEW.amount > account.gateway_limit OR spent + NEW.amount > account.month_limit THEN\n        RAISE EXCEPTION 'payment % exceeds the limits of its account', NEW.reference USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NEW;\n    ",
                            hash="ddf3facd44b99068da55e88d76ee534276633883",
                            operation="INSERT",
                            pgid="pgtrigger_a_linked_account_is_charged_as_agreed_c65dc",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_begun_as_it_was_asked",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NEW."request_id" IS NOT NULL)',
                            func="\n        IF (NEW.means = 'gateway') AND NOT EXISTS (\n            SELECT FROM payments_paymentrequest r WHERE r.id = NEW.request_id AND r.state = 'open'\n                AND NEW.created_at < r.expires_at AND NEW.created_at <= r.expires_at AND NEW.amount <= r.amount\n        ) THEN\n            RAISE EXCEPTION 'nobody is asked to pay this (any more): request %', NEW.request_id\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="6416e0b7464ffad1ed3169cf78995299273212cd",
                            operation="INSERT",
                            pgid="pgtrigger_is_begun_as_it_was_asked_0a626",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_allocations_give_it_away",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.allocated IS DISTINCT FROM OLD.allocated) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="dd159458d1ad1028d064021fbb7b05bd19bd9a65",
                            operation="UPDATE",
                            pgid="pgtrigger_only_allocations_give_it_away_a70d9",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_refunds_return_it",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.to_source IS DISTINCT FROM OLD.to_source) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="6495afc40c69790d9ae652b7885c7d181d66e98a",
                            operation="UPDATE",
                            pgid="pgtrigger_only_refunds_return_it_885a3",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_reversals_take_it",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.taken_back IS DISTINCT FROM OLD.taken_back) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="499394001c29179f95d90c991ebe8997499282ae",
                            operation="UPDATE",
                            pgid="pgtrigger_only_reversals_take_it_18d9a",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="nothing_of_it_is_gone_at_first",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.to_source <> 0 OR NEW.taken_back <> 0 THEN\n            RAISE EXCEPTION 'a new row of % adds up nothing yet', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="651a8479496e6de4bf54d1f54e675ea49beb48c9",
                            operation="INSERT",
                            pgid="pgtrigger_nothing_of_it_is_gone_at_first_b8c0a",
                            table="payments_payment",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="payment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="born_given_away_means_allocated",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NEW."allocated" > 0)',
                            constraint="CONSTRAINT",
                            func="\n                IF NEW.allocated <> coalesce((SELECT sum(amount) FROM payments_allocation a WHERE a.payment_id = NEW.id), 0) THEN\n                    RAISE EXCEPTION 'payment % says that it was given to invoices, but no allocation says so', NEW.reference\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="f63643da4e2a159fd498824f87791761150bce76",
                            operation="INSERT",
                            pgid="pgtrigger_born_given_away_means_allocated_9a969",
                            table="payments_payment",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="expectedtransfer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="369a2f0f2e9033e0d8e6229f9e2451b146083ed5",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_1d504",
                            table="payments_expectedtransfer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="expectedtransfer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="d5c3e2cfc6c077aaf4aab5e2b56a67dcaa3fab61",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_1a351",
                            table="payments_expectedtransfer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="expectedtransfer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_asked_for",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.reference IS DISTINCT FROM OLD.reference OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.request_id IS DISTINCT FROM OLD.request_id OR NEW.payable IS DISTINCT FROM OLD.payable OR NEW.order_id IS DISTINCT FROM OLD.order_id OR NEW.invoice_ids IS DISTINCT FROM OLD.invoice_ids OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.actor IS DISTINCT FROM OLD.actor OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.expires_at IS DISTINCT FROM OLD.expires_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="5fd13a0a02c1b49b8acc285b33e39aec9d07905b",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_asked_for_68678",
                            table="payments_expectedtransfer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="expectedtransfer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_begun_as_it_was_asked",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NEW."request_id" IS NOT NULL)',
                            func="\n        IF (TRUE) AND NOT EXISTS (\n            SELECT FROM payments_paymentrequest r WHERE r.id = NEW.request_id AND r.state = 'open'\n                AND NEW.created_at < r.expires_at AND NEW.expires_at <= r.expires_at AND NEW.amount <= r.amount\n        ) THEN\n            RAISE EXCEPTION 'nobody is asked to pay this (any more): request %', NEW.request_id\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="6477a53d27d1c4b005dfbfccb26eff5b8ceb709f",
                            operation="INSERT",
                            pgid="pgtrigger_is_begun_as_it_was_asked_3a361",
                            table="payments_expectedtransfer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="expectedtransfer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_met_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.met_at IS DISTINCT FROM OLD.met_at) AND NOT (OLD.met_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="66703d5dd1ac55e439df664837389e9527a816dc",
                            operation="UPDATE",
                            pgid="pgtrigger_is_met_once_fe0d3",
                            table="payments_expectedtransfer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="expectedtransfer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_closed_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.closed_at IS DISTINCT FROM OLD.closed_at) AND NOT (OLD.closed_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="426568abeae833db7ee7df855e714b661014facb",
                            operation="UPDATE",
                            pgid="pgtrigger_is_closed_once_0aa32",
                            table="payments_expectedtransfer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="refund",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="a34f0a1e6c2213b9d57f0e13ca6d328008e8ca36",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_eb90c",
                            table="payments_refund",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="refund",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'approved' AND NOT (FALSE) THEN\n                RAISE EXCEPTION '% starts as approved, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('approved', 'failed'), ('approved', 'under_way'), ('done', 'failed'), ('under_way', 'done'), ('under_way', 'failed')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                            hash="2ca59aef828f78b1af85720ead42d9ea5883aa34",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_8cf31",
                            table="payments_refund",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="refund",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_decided",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.payment_id IS DISTINCT FROM OLD.payment_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.act_id IS DISTINCT FROM OLD.act_id OR NEW.gateway IS DISTINCT FROM OLD.gateway OR NEW.reference IS DISTINCT FROM OLD.reference OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.approved_at IS DISTINCT FROM OLD.approved_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="68eb51436409f9e7b81c463b8082acbd4e19e75a",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_decided_ef0df",
                            table="payments_refund",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="refund",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_sent_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.sent_at IS DISTINCT FROM OLD.sent_at) AND NOT (OLD.sent_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="8021c8f2cfecc49e4608d9e99fc6e01015a20354",
                            operation="UPDATE",
                            pgid="pgtrigger_is_sent_once_d4c47",
                            table="payments_refund",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="refund",
                    trigger=pgtrigger.compiler.Trigger(
                        name="ends_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.settled_at IS DISTINCT FROM OLD.settled_at OR NEW.gateway_txn_id IS DISTINCT FROM OLD.gateway_txn_id) AND NOT (OLD.settled_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="407643cf6d44e65743e1895c86cb893e06a24233",
                            operation="UPDATE",
                            pgid="pgtrigger_ends_once_c9348",
                            table="payments_refund",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="refund",
                    trigger=pgtrigger.compiler.Trigger(
                        name="comes_back_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.came_back_at IS DISTINCT FROM OLD.came_back_at) AND NOT (OLD.came_back_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="c1b7a5ffe307ab2b0357c358383a33554cefbcfb",
                            operation="UPDATE",
                            pgid="pgtrigger_comes_back_once_390c4",
                            table="payments_refund",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="refund",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_a_top_up_at_its_gateway",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF NOT EXISTS (SELECT FROM payments_payment p WHERE p.id = NEW.payment_id AND p.gateway = NEW.gateway\n                               AND p.kind = 'top_up' AND p.means = 'gateway' AND p.state IN ('succeeded', 'refunded')) THEN\n                    RAISE EXCEPTION 'only a top-up that has succeeded goes back, by the gateway that brought it'\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="44e6d5cbfcecb671bd541e12d2f92c2f6296bb83",
                            operation="INSERT",
                            pgid="pgtrigger_is_of_a_top_up_at_its_gateway_a791d",
                            table="payments_refund",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="refund",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_decided_by_two",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            constraint="CONSTRAINT",
                            func="\n                IF NOT EXISTS (SELECT FROM accounts_staffact a WHERE a.id = NEW.act_id AND a.act = 'refund-top-up'\n                               AND a.customer_id = NEW.customer_id AND a.amount = NEW.amount AND a.state = 'approved'\n                               AND a.facts ->> 'payment' = NEW.payment_id::text) THEN\n                    RAISE EXCEPTION 'refund % was not decided by two people', NEW.reference USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="02c500fb8c84a054b165ac97da1fb133fff6f04b",
                            operation="INSERT",
                            pgid="pgtrigger_is_decided_by_two_24443",
                            table="payments_refund",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="refund",
                    trigger=pgtrigger.compiler.Trigger(
                        name="counts_in_its_payment",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF TG_OP = 'INSERT' THEN\n                    UPDATE payments_payment SET to_source = to_source + NEW.amount\n                    WHERE id = NEW.payment_id AND to_source + taken_back + NEW.amount <= coalesce(captured, amount);\n                    IF NOT FOUND THEN\n                        RAISE EXCEPTION 'refund % returns more than is left of its payment', NEW.reference\n                            USING ERRCODE = 'check_violation';\n                    END IF;\n                ELSIF NEW.state = 'failed' AND OLD.state <> 'failed' THEN\n                    UPDATE payments_payment SET to_source = to_source - NEW.amount WHERE id = NEW.payment_id;\n                END IF;\n                RETURN NULL;\n                ",
                            hash="b0923857ab8906644cf5320bf22fdf4fb557102e",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_counts_in_its_payment_bae90",
                            table="payments_refund",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reversal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="6d7d4648b5dbf3c9140ccba8d69fd3a914af262e",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_4b1d6",
                            table="payments_reversal",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reversal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_taken_back",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.payment_id IS DISTINCT FROM OLD.payment_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.reference IS DISTINCT FROM OLD.reference OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.from_credit IS DISTINCT FROM OLD.from_credit OR NEW.reopened IS DISTINCT FROM OLD.reopened OR NEW.debt IS DISTINCT FROM OLD.debt OR NEW.actor IS DISTINCT FROM OLD.actor OR NEW.at IS DISTINCT FROM OLD.at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="478b4a5ec33026ca91c96464ba4081e84e124ff4",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_taken_back_6851b",
                            table="payments_reversal",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reversal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_named_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.told_as IS DISTINCT FROM OLD.told_as) AND NOT (OLD.told_as = '') THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="ce3aa79a41850372d8d93d904b5052b2d977c223",
                            operation="UPDATE",
                            pgid="pgtrigger_is_named_once_522b6",
                            table="payments_reversal",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reversal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_closed_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.closed_at IS DISTINCT FROM OLD.closed_at) AND NOT (OLD.closed_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="25ce460c2a2757212c5f7b7b433db99e1996468a",
                            operation="UPDATE",
                            pgid="pgtrigger_is_closed_once_fb301",
                            table="payments_reversal",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reversal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_given_back_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.given_back IS DISTINCT FROM OLD.given_back OR NEW.given_back_at IS DISTINCT FROM OLD.given_back_at) AND NOT (OLD.given_back_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="87a2ff6f2871ecaedd075be906b58cd43afdafeb",
                            operation="UPDATE",
                            pgid="pgtrigger_is_given_back_once_4d505",
                            table="payments_reversal",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reversal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="nothing_of_it_is_here_again_at_first",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.collected <> 0 OR NEW.given_back <> 0 THEN\n            RAISE EXCEPTION 'a new row of % adds up nothing yet', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="e7e8f194a7a59e99c8b45d4a5d12a07c8ecb0061",
                            operation="INSERT",
                            pgid="pgtrigger_nothing_of_it_is_here_again_at_first_181f2",
                            table="payments_reversal",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reversal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="counts_in_its_payment",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF TG_OP = 'INSERT' THEN\n                    UPDATE payments_payment SET taken_back = taken_back + NEW.amount\n                    WHERE id = NEW.payment_id AND means <> 'wallet' AND state IN ('succeeded', 'refunded');\n                    IF NOT FOUND THEN\n                        RAISE EXCEPTION 'only what has come from outside is taken back, and not %', NEW.reference\n                            USING ERRCODE = 'check_violation';\n                    END IF;\n                ELSE\n                    UPDATE payments_payment SET taken_back = taken_back - NEW.given_back + OLD.given_back WHERE id = NEW.payment_id;\n                END IF;\n                RETURN NULL;\n                ",
                            hash="b3f0e88583f70aad8a02caae7533f5fb9ae24ff1",
                            operation='INSERT OR UPDATE OF "given_back"',
                            pgid="pgtrigger_counts_in_its_payment_92856",
                            table="payments_reversal",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="allocation",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="98ed42fa2e536336bddddcbdf403a9ceffd8b92f",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_698ca",
                            table="payments_allocation",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="allocation",
                    trigger=pgtrigger.compiler.Trigger(
                        name="pays_its_invoice",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF NOT EXISTS (SELECT FROM new_allocations) THEN\n                    RETURN NULL;  -- plans are made at the first call of a connection: not for nothing, in tables that may be empty\n                END IF;\n                -- Held first, so that each sum below sees what another transaction gave just before.\n                PERFORM FROM invoices_invoice WHERE id IN (SELECT invoice_id FROM new_allocations) ORDER BY id FOR NO KEY UPDATE;\n                PERFORM FROM payments_payment WHERE id IN (SELECT payment_id FROM new_allocations) ORDER BY id FOR NO KEY UPDATE;\n                UPDATE invoices_invoice i SET paid = given.amount\n                FROM (SELECT invoice_id, sum(amount) AS amount FROM payments_allocation\n                      WHERE invoice_id IN (SELECT invoice_id FROM new_allocations) GROUP BY invoice_id) given\n                WHERE i.id = given.invoice_id AND i.paid <> given.amount;\n                UPDATE payments_payment p SET allocated = given.amount\n                FROM (SELECT payment_id, sum(amount) AS amount FROM payments_allocation\n                      WHERE payment_id IN (SELECT payment_id FROM new_allocations) GROUP BY payment_id) given\n                WHERE p.id = given.payment_id AND p.allocated <> given.amount;\n                RETURN NULL;\n                ",
                            hash="cb66d0add89e8024d39ef4c62a90796986159243",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_pays_its_invoice_94bc0",
                            referencing="REFERENCING NEW TABLE AS new_allocations ",
                            table="payments_allocation",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="statementline",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="f1efd9e2918d930c894475df3962da3b8574cbb0",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_d19e3",
                            table="payments_statementline",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reconciliationcase",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="0d2bd26369beb4cc4cb45b0bb5765f9c76317077",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_b80b0",
                            table="payments_reconciliationcase",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reconciliationcase",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_found",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.kind IS DISTINCT FROM OLD.kind OR NEW.source IS DISTINCT FROM OLD.source OR NEW.day IS DISTINCT FROM OLD.day OR NEW.line_id IS DISTINCT FROM OLD.line_id OR NEW.payment_id IS DISTINCT FROM OLD.payment_id OR NEW.transfer_id IS DISTINCT FROM OLD.transfer_id OR NEW.refund_id IS DISTINCT FROM OLD.refund_id OR NEW.reversal_id IS DISTINCT FROM OLD.reversal_id OR NEW.movement IS DISTINCT FROM OLD.movement OR NEW.theirs IS DISTINCT FROM OLD.theirs OR NEW.ours IS DISTINCT FROM OLD.ours OR NEW.found_at IS DISTINCT FROM OLD.found_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="cf938f003bbf9f7b390d0a3e4e08144310bdadb8",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_found_dbe17",
                            table="payments_reconciliationcase",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reconciliationcase",
                    trigger=pgtrigger.compiler.Trigger(
                        name="ends_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.resolution IS DISTINCT FROM OLD.resolution OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.resolved_by IS DISTINCT FROM OLD.resolved_by OR NEW.resolved_at IS DISTINCT FROM OLD.resolved_at) AND NOT (OLD.resolved_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="58d96185a7996cb5d954d89ccb4378c8b93f9d0c",
                            operation="UPDATE",
                            pgid="pgtrigger_ends_once_7d027",
                            table="payments_reconciliationcase",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="transferclaim",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="fc8ec87e142985e8754a3f8e43f54a374bc06e88",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_1bfaa",
                            table="payments_transferclaim",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="transferclaim",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_claimed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.day IS DISTINCT FROM OLD.day OR NEW.note IS DISTINCT FROM OLD.note OR NEW.actor IS DISTINCT FROM OLD.actor OR NEW.at IS DISTINCT FROM OLD.at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="f944479625c28359ecf0271edd395a0f1ec69acd",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_claimed_34e0d",
                            table="payments_transferclaim",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="transferclaim",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_answered_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.state IS DISTINCT FROM OLD.state OR NEW.transfer_id IS DISTINCT FROM OLD.transfer_id OR NEW.answer IS DISTINCT FROM OLD.answer OR NEW.answered_at IS DISTINCT FROM OLD.answered_at) AND NOT (OLD.state = 'open') THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="af77fc7e48de3642ad5eaa313d29512ddf68ccec",
                            operation="UPDATE",
                            pgid="pgtrigger_is_answered_once_dce6c",
                            table="payments_transferclaim",
                            when="BEFORE",
                        ),
                    ),
                ),
            ],
        ),
    ]
