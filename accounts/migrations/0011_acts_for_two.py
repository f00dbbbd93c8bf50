import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_rules_have_their_sentences"),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffAct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=40, verbose_name="act")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits for approval"),
                            ("approved", "approved and done"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                            ("expired", "expired"),
                            ("alone", "done within the limit"),
                            ("to_review", "to be reviewed"),
                            ("reviewed", "reviewed"),
                        ],
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=200, verbose_name="object")),
                ("amount", models.BigIntegerField(blank=True, null=True, verbose_name="amount")),
                ("facts", models.JSONField(default=dict, verbose_name="facts")),
                ("reason", models.TextField(verbose_name="reason")),
                ("asked_by", models.CharField(max_length=200, verbose_name="asked for by")),
                ("asked_at", models.DateTimeField(verbose_name="asked for")),
                ("decided_by", models.CharField(blank=True, max_length=200, verbose_name="decided by")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("decided_because", models.CharField(blank=True, max_length=500, verbose_name="decided because")),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff_acts",
                        to="accounts.customer",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "act for two",
                "verbose_name_plural": "acts for two",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "to_review"])),
                        fields=["state"],
                        name="acts_that_wait_for_somebody",
                    ),
                    models.Index(
                        condition=models.Q(("state", "alone")),
                        fields=["act", "asked_by", "asked_at"],
                        name="what_somebody_did_alone",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__isnull", True),
                            models.Q(
                                ("amount__gte", -1000000000000),
                                ("amount__lte", 1000000000000),
                                models.Q(("amount", 0), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="an_act_moves_a_sane_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="an_act_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by", ""),
                                ("state__in", ["waiting", "to_review"]),
                            ),
                            models.Q(
                                models.Q(("state__in", ["waiting", "to_review"]), _negated=True),
                                models.Q(("decided_by", ""), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="what_is_decided_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", models.F("asked_by")),
                            ("state__in", ["approved", "refused", "reviewed"]),
                            _negated=True,
                        ),
                        name="nobody_is_their_own_second_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["withdrawn", "alone"]), _negated=True),
                            ("decided_by", models.F("asked_by")),
                            _connector="OR",
                        ),
                        name="only_who_asked_withdraws_or_acts_alone",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="staffact",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="c807daaa2107720b18720b71c7290d19b2653bec",
                    level="STATEMENT",
                    operation="DELETE OR TRUNCATE",
                    pgid="pgtrigger_never_deleted_4920b",
                    table="accounts_staffact",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="staffact",
            trigger=pgtrigger.compiler.Trigger(
                name="moves_along_its_edges",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'waiting' AND NOT (NEW.state IN ('alone', 'to_review')) THEN\n                RAISE EXCEPTION '% starts as waiting, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('to_review', 'reviewed'), ('waiting', 'approved'), ('waiting', 'expired'), ('waiting', 'refused'), ('waiting', 'withdrawn')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                    hash="36809e904e819ccb51ca49b4281282df73ff340a",
                    operation='INSERT OR UPDATE OF "state"',
                    pgid="pgtrigger_moves_along_its_edges_19cec",
                    table="accounts_staffact",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="staffact",
            trigger=pgtrigger.compiler.Trigger(
                name="is_what_was_asked_for",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF (NEW.act IS DISTINCT FROM OLD.act OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.subject IS DISTINCT FROM OLD.subject OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.facts IS DISTINCT FROM OLD.facts OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.asked_by IS DISTINCT FROM OLD.asked_by OR NEW.asked_at IS DISTINCT FROM OLD.asked_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="0254433c58c6035f6a0c4a0d25ac4f78a90dac5c",
                    operation="UPDATE",
                    pgid="pgtrigger_is_what_was_asked_for_4da66",
                    table="accounts_staffact",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="staffact",
            trigger=pgtrigger.compiler.Trigger(
                name="is_decided_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF (NEW.decided_by IS DISTINCT FROM OLD.decided_by OR NEW.decided_at IS DISTINCT FROM OLD.decided_at OR NEW.decided_because IS DISTINCT FROM OLD.decided_because) AND NOT (OLD.decided_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="2705a3cbe45b4f49dcef29bd48a5a35650782085",
                    operation="UPDATE",
                    pgid="pgtrigger_is_decided_once_9ff00",
                    table="accounts_staffact",
                    when="BEFORE",
                ),
            ),
        ),
    ]
