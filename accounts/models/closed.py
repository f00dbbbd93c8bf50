"""What an account that has closed does no more, whoever writes it; and what may be forgotten then that stays otherwise."""

from __future__ import annotations

import pgtrigger

OF_CLOSED = "EXISTS (SELECT FROM accounts_customer c WHERE c.id = OLD.customer_id AND c.closed_at IS NOT NULL)"
OF_FORGOTTEN = "EXISTS (SELECT FROM accounts_user u WHERE u.id = OLD.user_id AND u.forgotten_at IS NOT NULL)"
"""For `frozen`: columns that name people stay as they are until the account closes."""


def opens_nothing_when_closed(*, when: pgtrigger.Q | None = None, on: str = "") -> pgtrigger.Trigger:
    """
    No such row is begun for a customer whose account has closed. It waits for who is closing it just now.

    What comes by itself (a gateway's late notice, a bank's line, money taken back) is booked all the same: it begins nothing.

    :param when: of which rows it is true; of all unless said
    :param on: a column, where a change of it begins something as well
    """
    begins = pgtrigger.Insert | pgtrigger.UpdateOf(on) if on else pgtrigger.Insert
    return pgtrigger.Trigger(
        name="a_closed_account_opens_nothing",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=begins,
        condition=when,
        func="""
        IF NEW.customer_id IS NOT NULL THEN
            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;
            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN
                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME
                    USING ERRCODE = 'restrict_violation';
            END IF;
        END IF;
        RETURN NEW;
        """,
    )
