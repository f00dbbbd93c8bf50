import datetime

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import store.carried
import store.migrating


class Migration(migrations.Migration):
    replaces = [("team", "0001_the_tables"), ("team", "0002_closings")]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("door", "0001_all_the_tables"),
    ]

    operations = [
        store.migrating.Together(
            operations=[
                migrations.CreateModel(
                    name="Invitation",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("email", models.EmailField(max_length=254, verbose_name="mail address")),
                        ("role", models.CharField(max_length=9, verbose_name="role")),
                        ("invited_by", models.CharField(max_length=200, verbose_name="invited by")),
                        ("asked_at", models.DateTimeField(verbose_name="invited")),
                        ("sent_at", models.DateTimeField(verbose_name="last sent")),
                        ("times", models.PositiveSmallIntegerField(default=1, verbose_name="times sent")),
                        ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="accepted")),
                        ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                        (
                            "accepted_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="accepted by",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invitations",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "invitation",
                        "verbose_name_plural": "invitations",
                    },
                ),
                migrations.CreateModel(
                    name="Closing",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("state", models.CharField(default="waiting", max_length=9, verbose_name="state")),
                        ("gives_up", models.BigIntegerField(blank=True, null=True, verbose_name="credit given up")),
                        ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                        ("asked_by", models.CharField(max_length=200, verbose_name="asked for by")),
                        ("asked_at", models.DateTimeField(verbose_name="asked for")),
                        ("closes_at", models.DateTimeField(verbose_name="closes")),
                        (
                            "told_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="told that something is in the way"
                            ),
                        ),
                        ("ended_by", models.CharField(blank=True, max_length=200, verbose_name="ended by")),
                        ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                        (
                            "customer",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="closings",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "request",
                            models.OneToOneField(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="closing",
                                to="door.privacyrequest",
                                verbose_name="privacy request",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "closing of an account",
                        "verbose_name_plural": "closings of accounts",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "waiting")),
                                fields=["closes_at"],
                                name="closings_by_their_day",
                            )
                        ],
                        "constraints": [
                            store.carried.CarriedKey(
                                "request", carries="customer", name="a_closing_is_its_requests_customers"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ["waiting", "closed"])),
                                fields=("customer",),
                                name="an_account_closes_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "closes_at__gte",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("asked_at"), "+", models.Value(datetime.timedelta(days=3))
                                        ),
                                    )
                                ),
                                name="there_are_three_days_to_think_better_of_a_closing",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("ended_at__isnull", True), ("ended_by", ""), ("state", "waiting")),
                                    models.Q(
                                        models.Q(("state", "waiting"), _negated=True),
                                        ("ended_at__isnull", False),
                                        models.Q(("ended_by", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="a_closing_that_ended_says_by_whom",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "closed"), _negated=True),
                                    models.Q(("ended_at__gte", models.F("closes_at")), ("ended_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="an_account_closes_in_its_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("gives_up", None),
                                    models.Q(("gives_up__gt", 0), ("gives_up__lte", 1000000000000)),
                                    _connector="OR",
                                ),
                                name="what_is_given_up_is_something",
                            ),
                        ],
                    },
                ),
            ],
        ),
        store.migrating.Together(
            operations=[
                migrations.AddConstraint(
                    model_name="invitation",
                    constraint=models.UniqueConstraint(
                        models.F("customer"),
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("accepted_at", None), ("withdrawn_at", None)),
                        name="one_undecided_invitation_per_customer_and_address",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invitation",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_at", None), ("accepted_by", None)),
                            models.Q(
                                ("accepted_at__isnull", False), ("accepted_by__isnull", False), ("withdrawn_at", None)
                            ),
                            _connector="OR",
                        ),
                        name="an_invitation_is_accepted_by_somebody_or_withdrawn",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invitation",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("sent_at__gte", models.F("asked_at")), ("times__gte", 1)),
                        name="an_invitation_is_sent_after_it_was_asked_for",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invitation",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("accepted_at", None),
                            (
                                "accepted_at__lt",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("sent_at"), "+", models.Value(datetime.timedelta(days=7))
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="an_invitation_is_accepted_in_time",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="closing",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="8b1c23b1560740694513e9bb170a9cd2b2d32920",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_7e175",
                            table="team_closing",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="closing",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="e702538d565db538fd31cbc6320376aaa10a3636",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_6f1cf",
                            table="team_closing",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="closing",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'waiting' AND NOT (FALSE) THEN\n                RAISE EXCEPTION '% starts as waiting, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('waiting', 'cancelled'), ('waiting', 'closed')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                            hash="c2b02dd351f378fcb49883a95edce126fc8940b2",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_8f977",
                            table="team_closing",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="closing",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_as_it_was_asked",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.request_id IS DISTINCT FROM OLD.request_id OR NEW.gives_up IS DISTINCT FROM OLD.gives_up OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.asked_by IS DISTINCT FROM OLD.asked_by OR NEW.asked_at IS DISTINCT FROM OLD.asked_at OR NEW.closes_at IS DISTINCT FROM OLD.closes_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="3b741338d57627929dbc7ebb5143924870fe1638",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_as_it_was_asked_18dfb",
                            table="team_closing",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="closing",
                    trigger=pgtrigger.compiler.Trigger(
                        name="ends_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.ended_by IS DISTINCT FROM OLD.ended_by OR NEW.ended_at IS DISTINCT FROM OLD.ended_at) AND NOT (OLD.ended_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="c9cbd34c7549b5c4b6e46c4646a7dfcf6b7d553b",
                            operation="UPDATE",
                            pgid="pgtrigger_ends_once_a24b7",
                            table="team_closing",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="closing",
                    trigger=pgtrigger.compiler.Trigger(
                        name="tells_its_customer",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                PERFORM FROM accounts_customer WHERE id = NEW.customer_id FOR UPDATE;  -- who is opening something just now is waited for\n                UPDATE accounts_customer SET\n                    closes_at = CASE WHEN NEW.state = 'waiting' THEN NEW.closes_at END,\n                    closed_at = CASE WHEN NEW.state = 'closed' THEN NEW.ended_at END\n                WHERE id = NEW.customer_id AND closed_at IS NULL;\n                IF NOT FOUND THEN\n                    RAISE EXCEPTION 'the account of % has closed', NEW.customer_id USING ERRCODE = 'restrict_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="b3c19c85ae30ff8b4df2f37faab380b6ff70923b",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_tells_its_customer_d6767",
                            table="team_closing",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invitation",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="720727f9ad221c55bb08caa4fa138c3602d6ee19",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_6f32a",
                            table="team_invitation",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invitation",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="ec8519f0ea63946848a33f857b8b9887867fad1b",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_9178e",
                            table="team_invitation",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invitation",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_as_it_was_asked",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.role IS DISTINCT FROM OLD.role OR NEW.asked_at IS DISTINCT FROM OLD.asked_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="24ac49eec742236ed5596e02e10856ed954e7fe7",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_as_it_was_asked_b7f26",
                            table="team_invitation",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invitation",
                    trigger=pgtrigger.compiler.Trigger(
                        name="names_who_it_was",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.email IS DISTINCT FROM OLD.email OR NEW.invited_by IS DISTINCT FROM OLD.invited_by) AND NOT (NEW.email = '' AND NEW.invited_by = '' AND EXISTS (SELECT FROM accounts_customer c WHERE c.id = OLD.customer_id AND c.closed_at IS NOT NULL)) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="c3d5055afff6822d81f8dd9c9297f630fbe72f62",
                            operation="UPDATE",
                            pgid="pgtrigger_names_who_it_was_d7c7f",
                            table="team_invitation",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invitation",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_decided_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.accepted_at IS DISTINCT FROM OLD.accepted_at OR NEW.accepted_by_id IS DISTINCT FROM OLD.accepted_by_id OR NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at OR NEW.sent_at IS DISTINCT FROM OLD.sent_at OR NEW.times IS DISTINCT FROM OLD.times) AND NOT (OLD.accepted_at IS NULL AND OLD.withdrawn_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="904707c874fc833ccbeb9c23ca4d942ce8e63b15",
                            operation="UPDATE",
                            pgid="pgtrigger_is_decided_once_27ab8",
                            table="team_invitation",
                            when="BEFORE",
                        ),
                    ),
                ),
            ],
        ),
    ]
