import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_a_switch_is_made_when_it_is_decided"),
        ("ledger", "0004_poc_credit"),
        ("payments", "0008_automatic_top_ups_so_often_a_day"),
    ]

    operations = [
        migrations.CreateModel(
            name="SentBack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(max_length=40, verbose_name="account of ours")),
                ("amount", models.BigIntegerField(verbose_name="amount")),
                ("number", models.CharField(blank=True, max_length=60, verbose_name="reference of the bank")),
                ("key", models.CharField(blank=True, max_length=60, verbose_name="reference as compared")),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "transfer that was sent back",
                "verbose_name_plural": "transfers that were sent back",
            },
        ),
        migrations.AddField(
            model_name="sentback",
            name="act",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.staffact",
                verbose_name="act for two",
            ),
        ),
        migrations.AddField(
            model_name="sentback",
            name="transfer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sent_back",
                to="payments.banktransfer",
                verbose_name="bank transfer",
            ),
        ),
        migrations.RunSQL(
            """
            INSERT INTO payments_sentback (transfer_id, account, amount, number, key, at)
            SELECT b.id, b.account, -e.amount, '', '', t.at
            FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id AND e.amount < 0
            JOIN payments_banktransfer b ON b.id = split_part(t.source, ':', 1)::bigint
            WHERE t.kind = 'bank_return' ORDER BY t.id
            """,
            migrations.RunSQL.noop,
        ),  # before the trigger that counts them: their sum is in the transfers
        pgtrigger.migrations.RemoveTrigger(
            model_name="payment",
            name="is_what_was_attempted",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="reconciliationcase",
            name="is_what_was_found",
        ),
        migrations.RemoveConstraint(
            model_name="reconciliationcase",
            name="a_difference_has_its_sides",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="banktransfer",
            trigger=pgtrigger.compiler.Trigger(
                name="only_payments_give_it",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF (NEW.assigned IS DISTINCT FROM OLD.assigned) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="ab818faa4a6d0aac3cc72608b77a2e9febbe1ff0",
                    operation="UPDATE",
                    pgid="pgtrigger_only_payments_give_it_62aeb",
                    table="payments_banktransfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="banktransfer",
            trigger=pgtrigger.compiler.Trigger(
                name="only_what_is_sent_back_returns_it",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF (NEW.returned IS DISTINCT FROM OLD.returned) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="6787a4bf7a800dcc4e41edbb7aa55ef50545cf0d",
                    operation="UPDATE",
                    pgid="pgtrigger_only_what_is_sent_back_returns_it_4fb6e",
                    table="payments_banktransfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="banktransfer",
            trigger=pgtrigger.compiler.Trigger(
                name="nothing_of_it_is_gone_at_first",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF NEW.assigned <> 0 OR NEW.returned <> 0 THEN\n            RAISE EXCEPTION 'a new row of % adds up nothing yet', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="2ea44dd751c5fc850fe691c88b67c44ffb85b037",
                    operation="INSERT",
                    pgid="pgtrigger_nothing_of_it_is_gone_at_first_7f11e",
                    table="payments_banktransfer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="is_what_was_attempted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.means IS DISTINCT FROM OLD.means OR NEW.gateway IS DISTINCT FROM OLD.gateway OR NEW.reference IS DISTINCT FROM OLD.reference OR NEW.payable IS DISTINCT FROM OLD.payable OR NEW.order_id IS DISTINCT FROM OLD.order_id OR NEW.expected_id IS DISTINCT FROM OLD.expected_id OR NEW.transfer_id IS DISTINCT FROM OLD.transfer_id OR NEW.linked_id IS DISTINCT FROM OLD.linked_id OR NEW.consent_id IS DISTINCT FROM OLD.consent_id OR NEW.request_id IS DISTINCT FROM OLD.request_id OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.promotional IS DISTINCT FROM OLD.promotional OR NEW.created_at IS DISTINCT FROM OLD.created_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="d99db8cf215e0e701b889e276c283310562e94c8",
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
                name="is_given_of_its_transfer",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."transfer_id" IS NOT NULL)',
                    func="UPDATE payments_banktransfer SET assigned = assigned + NEW.amount WHERE id = NEW.transfer_id; RETURN NULL;",
                    hash="bd0a1c117190544f57af4a17d957107cbfbd182d",
                    operation="INSERT",
                    pgid="pgtrigger_is_given_of_its_transfer_079a9",
                    table="payments_payment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reconciliationcase",
            trigger=pgtrigger.compiler.Trigger(
                name="is_what_was_found",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF (NEW.kind IS DISTINCT FROM OLD.kind OR NEW.source IS DISTINCT FROM OLD.source OR NEW.day IS DISTINCT FROM OLD.day OR NEW.line_id IS DISTINCT FROM OLD.line_id OR NEW.payment_id IS DISTINCT FROM OLD.payment_id OR NEW.transfer_id IS DISTINCT FROM OLD.transfer_id OR NEW.refund_id IS DISTINCT FROM OLD.refund_id OR NEW.reversal_id IS DISTINCT FROM OLD.reversal_id OR NEW.sent_back_id IS DISTINCT FROM OLD.sent_back_id OR NEW.movement IS DISTINCT FROM OLD.movement OR NEW.theirs IS DISTINCT FROM OLD.theirs OR NEW.ours IS DISTINCT FROM OLD.ours OR NEW.found_at IS DISTINCT FROM OLD.found_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="a597e07a21177152e4d85db19579d8c8e66861e0",
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
                name="ends_as_the_facts_are",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.\"resolution\" IN ('agrees', 'suspense'))",
                    func="\n                IF TG_OP = 'UPDATE' AND NEW.resolution = OLD.resolution THEN\n                    RETURN NEW;\n                END IF;\n                IF NEW.resolution = 'agrees' AND NOT EXISTS (SELECT FROM (SELECT NEW.*) c WHERE \n    c.kind IN ('late', 'missing_here') AND EXISTS (\n        SELECT FROM payments_statementline l JOIN payments_payment p ON p.gateway = l.source\n            AND p.gateway_txn_id = l.transaction AND p.captured = l.amount\n        WHERE l.id = c.line_id AND l.movement = 'payment')\n    OR c.kind = 'missing_here' AND EXISTS (\n        SELECT FROM payments_statementline l JOIN payments_reversal b ON b.payment_id = c.payment_id\n            AND upper(l.transaction) IN (upper(b.reference), upper(b.told_as))\n            AND l.amount = CASE l.movement WHEN 'taken_back' THEN b.amount WHEN 'given_back' THEN b.given_back END\n        WHERE l.id = c.line_id)\n    OR c.kind = 'missing_here' AND EXISTS (\n        SELECT FROM payments_statementline l JOIN payments_payment p ON p.id = c.payment_id AND starts_with(p.failure, 'reversed: ')\n        WHERE l.id = c.line_id AND l.movement = 'taken_back')\n    OR c.kind = 'missing_there' AND EXISTS (\n        SELECT FROM payments_payment p JOIN payments_statementline l ON l.source = p.gateway\n            AND l.transaction = p.gateway_txn_id AND l.movement = 'payment'\n        WHERE p.id = c.payment_id)\n    OR c.kind IN ('late', 'missing_here') AND EXISTS (\n        SELECT FROM payments_statementline l JOIN payments_refund r ON r.id = c.refund_id AND r.amount = l.amount\n        WHERE l.id = c.line_id AND (l.movement = 'refund' AND r.gateway_txn_id IS NOT NULL OR r.state = 'failed' AND EXISTS (\n            SELECT FROM payments_statementline e\n            WHERE e.source = l.source AND e.reference = l.reference AND e.movement = 'came_back')\n            OR l.movement = 'refund' AND EXISTS (SELECT FROM payments_reversal b WHERE b.payment_id = r.payment_id\n                AND b.reference = r.reference AND b.amount = l.amount)))\n    OR c.kind = 'missing_there' AND EXISTS (\n        SELECT FROM payments_refund r JOIN payments_statementline l ON l.source = r.gateway\n            AND l.reference = r.reference AND l.movement = c.movement AND l.movement <> 'payment'\n        WHERE r.id = c.refund_id)\n    OR c.kind = 'missing_there' AND EXISTS (\n        SELECT FROM payments_reversal b JOIN payments_payment p ON p.id = b.payment_id\n        WHERE b.id = c.reversal_id\n            AND (EXISTS (SELECT FROM payments_statementline l WHERE l.source = p.gateway AND l.reference = p.reference\n        AND l.movement <> 'payment' AND upper(l.transaction) IN (upper(b.reference), upper(b.told_as)) AND l.movement = c.movement) OR b.given_back = b.amount AND NOT EXISTS (SELECT FROM payments_statementline l WHERE l.source = p.gateway AND l.reference = p.reference\n        AND l.movement <> 'payment' AND upper(l.transaction) IN (upper(b.reference), upper(b.told_as)))))\n    OR c.kind = 'missing_here' AND EXISTS (\n        SELECT FROM payments_statementline l JOIN payments_banktransfer t ON 'bank:' || t.account = l.source\n            AND t.key = l.transaction AND t.amount = l.amount\n        WHERE l.id = c.line_id AND l.movement = 'payment')\n    OR c.kind = 'missing_there' AND EXISTS (\n        SELECT FROM payments_banktransfer t JOIN payments_statementline l ON l.source = c.source AND l.transaction = t.key\n            AND l.movement = 'payment'\n        WHERE t.id = c.transfer_id)\n    OR c.kind = 'missing_there' AND EXISTS (\n        SELECT FROM payments_sentback r JOIN payments_statementline l ON l.source = c.source AND l.transaction = r.key\n            AND l.movement = 'sent'\n        WHERE r.id = c.sent_back_id)\n    OR c.kind = 'missing_there' AND starts_with(c.source, 'bank:') AND EXISTS (\n        SELECT FROM payments_reversal b JOIN payments_statementline l ON l.source = c.source AND l.movement = 'sent'\n            AND l.transaction IN (upper(regexp_replace(normalize(b.reference, NFKC), '[^[:alnum:]]', '', 'g')), upper(regexp_replace(normalize(b.told_as, NFKC), '[^[:alnum:]]', '', 'g')))\n        WHERE b.id = c.reversal_id)\n    OR c.kind = 'unknown' AND EXISTS (\n        SELECT FROM payments_statementline l JOIN payments_sentback r ON 'bank:' || r.account = l.source\n            AND r.key = l.transaction AND r.amount = l.amount\n        WHERE l.id = c.line_id AND l.movement = 'sent')\n    OR c.kind = 'unknown' AND EXISTS (\n        SELECT FROM payments_statementline l JOIN payments_banktransfer t ON 'bank:' || t.account = l.source\n            JOIN payments_payment p ON p.transfer_id = t.id JOIN payments_reversal b ON b.payment_id = p.id AND b.amount = l.amount\n            AND l.transaction IN (upper(regexp_replace(normalize(b.reference, NFKC), '[^[:alnum:]]', '', 'g')), upper(regexp_replace(normalize(b.told_as, NFKC), '[^[:alnum:]]', '', 'g')))\n        WHERE l.id = c.line_id AND l.movement = 'sent')\n) THEN\n                    RAISE EXCEPTION 'the two sides of difference % do not agree', NEW.id USING ERRCODE = 'check_violation';\n                END IF;\n                IF NEW.resolution = 'suspense' AND NOT EXISTS (\n                    SELECT FROM payments_statementline l JOIN payments_banktransfer t ON t.account = l.source AND t.channel = 'gate'\n                        AND t.amount = l.amount\n                        AND t.reference = left(l.transaction || CASE WHEN l.nth > 1 THEN ' ' || l.nth ELSE '' END, 60)\n                    WHERE l.id = NEW.line_id AND l.movement = 'payment'\n                ) THEN\n                    RAISE EXCEPTION 'nothing of difference % is in suspense', NEW.id USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                    hash="5f03ebfff31db64ef85da5329e49ce8296a7437a",
                    operation='INSERT OR UPDATE OF "resolution"',
                    pgid="pgtrigger_ends_as_the_facts_are_4e99b",
                    table="payments_reconciliationcase",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="reconciliationcase",
            name="sent_back",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="payments.sentback",
                verbose_name="transfer that was sent back",
            ),
        ),
        migrations.AddConstraint(
            model_name="reconciliationcase",
            constraint=models.UniqueConstraint(
                condition=models.Q(("line", None), ("sent_back__isnull", False)),
                fields=("sent_back",),
                name="what_was_sent_back_is_missing_once",
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
                                ("sent_back", None),
                                ("transfer", None),
                            ),
                            models.Q(
                                ("movement", "payment"),
                                ("payment", None),
                                ("refund", None),
                                ("reversal", None),
                                ("sent_back", None),
                                ("transfer__isnull", False),
                            ),
                            models.Q(
                                ("payment", None),
                                ("refund__isnull", False),
                                ("reversal", None),
                                ("sent_back", None),
                                ("transfer", None),
                                ("movement__in", ["refund", "came_back"]),
                            ),
                            models.Q(
                                ("payment", None),
                                ("refund", None),
                                ("reversal__isnull", False),
                                ("sent_back", None),
                                ("transfer", None),
                                ("movement__in", ["taken_back", "given_back"]),
                            ),
                            models.Q(
                                ("movement", "sent"),
                                ("payment", None),
                                ("refund", None),
                                ("reversal", None),
                                ("sent_back__isnull", False),
                                ("transfer", None),
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
            model_name="sentback",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="what_is_sent_back_is_an_amount"
            ),
        ),
        migrations.AddConstraint(
            model_name="sentback",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("account", "key"),
                name="what_goes_out_is_known_once_per_account",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sentback",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="95a6bf27c10040318aac6e715bb1780ff109d36d",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_d3872",
                    table="payments_sentback",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sentback",
            trigger=pgtrigger.compiler.Trigger(
                name="counts_in_its_transfer",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                UPDATE payments_banktransfer SET returned = returned + NEW.amount\n                WHERE id = NEW.transfer_id AND account = NEW.account;\n                IF NOT FOUND THEN\n                    RAISE EXCEPTION 'what is sent back came to the account %', NEW.account USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                    hash="431bbf80e000c102a0c8d7ea3dc9e37c7cc695e8",
                    operation="INSERT",
                    pgid="pgtrigger_counts_in_its_transfer_a7c22",
                    table="payments_sentback",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sentback",
            trigger=pgtrigger.compiler.Trigger(
                name="is_decided_as_it_was_asked_for",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\n                IF NOT EXISTS (\n                    SELECT FROM accounts_staffact WHERE id = NEW.act_id AND act = 'bank-return' AND state IN ('alone', 'approved')\n                        AND amount = NEW.amount AND facts ->> 'transfer' = NEW.transfer_id::text AND decided_at = NEW.at\n                ) THEN\n                    RAISE EXCEPTION 'that % went back was not decided by people', NEW.amount USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                    hash="3ee7a78e20a754d0a06b0ed0a89175957419fbd8",
                    operation="INSERT",
                    pgid="pgtrigger_is_decided_as_it_was_asked_for_5d2aa",
                    table="payments_sentback",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
