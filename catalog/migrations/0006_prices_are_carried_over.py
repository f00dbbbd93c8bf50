"""What a price said of VAT so far is its category, with the rate that it said."""

from django.db import migrations

CATEGORIES = """
INSERT INTO catalog_taxcategory (code, name, name_en)
SELECT 'standard', 'Thuế suất phổ thông', 'Standard rate'
UNION ALL
SELECT 'carried-' || replace(percent, '.', '-'), 'Chuyển từ giá có thuế ' || percent || ' %', 'Carried over from prices at ' || percent || ' %'
FROM (SELECT DISTINCT trim_scale(vat_rate * 100)::text AS percent FROM catalog_price WHERE vat_rate <> 0.1) other
"""
"""Whatever said nothing else said 10 %."""
RATES = """
INSERT INTO catalog_taxrate (category_id, since, rate, source)
SELECT code, '1999-01-01', CASE code WHEN 'standard' THEN 0.1 ELSE replace(substr(code, 9), '-', '.')::numeric / 100 END, 'theo giá đã có'
FROM catalog_taxcategory
"""
"""Since the law on VAT is in force here."""
PRICES = """
UPDATE catalog_price SET tax_category_id
    = CASE vat_rate WHEN 0.1 THEN 'standard' ELSE 'carried-' || replace(trim_scale(vat_rate * 100)::text, '.', '-') END
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_tax_categories_have_rates_over_time")]
    operations = [migrations.RunSQL([CATEGORIES, RATES, PRICES], migrations.RunSQL.noop)]
