from django.db import migrations

METERED_AMOUNT = """
CREATE FUNCTION metered_amount(price_id uuid, quantity numeric, discount numeric) RETURNS numeric LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    p catalog_price;
    beyond numeric;
    exact numeric;
BEGIN
    SELECT * INTO p FROM catalog_price c WHERE c.id = metered_amount.price_id AND c.per_minutes = 0;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    beyond := greatest(metered_amount.quantity - p.included, 0);
    IF beyond = 0 THEN
        RETURN 0;
    END IF;
    IF p.tiering = 'flat' THEN
        exact := beyond * p.unit_price;
    ELSIF p.tiering = 'package' THEN
        exact := (div(beyond, p.package_size) + (mod(beyond, p.package_size) > 0)::integer) * p.unit_price;
    ELSE
        WITH tier AS (
            SELECT above, coalesce(lead(above) OVER (ORDER BY above), 'Infinity') AS following, cost
            FROM (SELECT 0::numeric AS above, p.unit_price AS cost UNION ALL SELECT * FROM unnest(p.tier_from, p.tier_prices)) listed
        )
        SELECT CASE p.tiering
            WHEN 'graduated' THEN sum(greatest(least(beyond, following) - above, 0) * cost)
            WHEN 'volume' THEN least(min(beyond * cost) FILTER (WHERE beyond > above AND beyond <= following),
                                     min(above * cost) FILTER (WHERE above >= beyond))
        END INTO exact FROM tier;
    END IF;
    RETURN least(greatest(round(exact * (1 - metered_amount.discount)), p.minimum), p.cap);
END $$
"""
"""What `catalog.meters` says of a month's quantity, for guards of what is written; NULL of a price by time."""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_what_is_left_out_moves_nothing")]

    operations = [migrations.RunSQL(METERED_AMOUNT, "DROP FUNCTION metered_amount")]
