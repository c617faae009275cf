"""A housing department's database as it might stand after thirty years: keys, and what is none, labelled by hand.

A line is a table; ``*`` marks its primary key, ``!`` a unique column, ``> table.column`` what a column refers to. What
has no arrow refers to nothing that is here: it is another system's identifier, a count, an attribute carried along, or
the name of a thing that is no key.
"""

from __future__ import annotations

from scanner.graph.key_facts import ColumnRow, KeyRow

HOUSING = """
property: *property_id int, !uprn bigint, usrn bigint, address_id int > address.address_id, estate_id int > estate.id,
    property_type_code char(3) > property_type.property_type_code, void char(1), rooms smallint, floor_no int,
    block int > block.block_id, ward_code char(9) > ward.ward_code, legacy_property_id int, active tinyint(1)
address: *address_id int, line1 varchar(60), house_number varchar(8), postcode varchar(8), uprn bigint
block: *block_id int, block_name varchar(40), storeys smallint, caretaker_staff_id int > staff.staff_id
estate: *id int, name varchar(50), area_office_id int > area_office.id, parent_id int > estate.id
area_office: *id int, name varchar(50), code char(4), manager_id int > staff.staff_id
ward: *ward_code char(9), ward_name varchar(40), councillor varchar(60)
property_type: *property_type_code char(3), description varchar(40)
room: *room_id int, property_id int > property.property_id, room_type char(1), area numeric(6,2)
tenant: *tenant_no int, surname varchar(40), forename varchar(40), nino char(9), email varchar(60), phone_no char(20),
    title_code char(4), next_of_kin varchar(80), preferred_language char(2) > language.code
language: *code char(2), name varchar(30)
tenancy: *tenancy_ref varchar(12), property_id int > property.property_id, start_date date, end_date date,
    tenancy_type_id int > tenancy_type.id, rent_account_no int > rent_account.account_no, status char(1)
tenancy_type: *id int, code char(4), description varchar(40)
tenancy_member: *tenancy_ref varchar(12) > tenancy.tenancy_ref, *tenant_no int > tenant.tenant_no, lead char(1)
rent_account: *account_no int, balance numeric(10,2), bank_account_number char(8), sort_code char(6)
rent_charge: *account_no int > rent_account.account_no, *week_no smallint, year smallint, amount numeric(8,2)
rent_payment: *payment_id bigint, account_no int > rent_account.account_no, paid date, amount numeric(8,2),
    payment_method_id int > payment_method.id, stripe_customer_id varchar(40), batch_no int, external_payment_id bigint
payment_method: *id int, name varchar(20)
repair: *repair_id int, property_id int > property.property_id, reported_by_tenant_no int > tenant.tenant_no,
    contr_id int > contractor.contractor_id, priority_code char(1) > repair_priority.code,
    raised_by int > staff.staff_id, previous_repair_id int > repair.repair_id, status_code char(2), job_no varchar(12)
repair_priority: *code char(1), target_days smallint
repair_item: *repair_id int > repair.repair_id, *line_no smallint, sor_code varchar(8) > schedule_of_rates.sor_code,
    quantity int
repair_item_photo: *photo_id int, repair_id int > repair_item.repair_id, line_no smallint > repair_item.line_no,
    file_id uniqueidentifier
schedule_of_rates: *sor_code varchar(8), description varchar(80), rate numeric(8,2)
contractor: *contractor_id int, name varchar(60), vat_number varchar(12), contact_name varchar(40)
staff: *staff_id int, surname varchar(40), reports_to int > staff.staff_id, area_office_id int > area_office.id,
    payroll_no int, id_type char(2)
document: *id int, owner_type varchar(20), owner_id int, file_name varchar(120), created_by varchar(30),
    uploaded_by_staff_id int > staff.staff_id
tenant_contact: *tenant_no int > tenant.tenant_no, mobile varchar(20), email varchar(60)
tenant_bak: tenant_no int, surname varchar(40), forename varchar(40)
rent_charge_2019: account_no int, week_no smallint, year smallint, amount numeric(8,2)
audit_log: *id bigint, table_name varchar(40), row_id bigint, user_name varchar(30), changed date
"""

Pair = tuple[str, str, str, str]


def schema(text: str, source: str = "db", holder: str = "main") -> tuple[list[ColumnRow], list[KeyRow], set[Pair]]:
    """The columns, the declared keys and the labels of a schema written as above."""
    columns, keys, labels = [], [], set()
    for line in text.strip().replace("\n    ", " ").splitlines():
        table, _, rest = line.partition(":")
        path, primary = f"{holder}/{table}", []
        for item in _items(rest):
            column, _, target = (part.strip() for part in item.partition(">"))
            name, _, type_ = column.lstrip("*!").partition(" ")
            columns.append(ColumnRow(source, source, path, name, type_ or None))
            if column.startswith("*"):
                primary.append(name)
            elif column.startswith("!"):
                keys.append(KeyRow(source, path, "unique", (name,)))
            if target:
                parent, _, key = target.partition(".")
                labels.add((path, name, f"{holder}/{parent}", key))
        if primary:
            keys.append(KeyRow(source, path, "primary", tuple(primary)))
    return columns, keys, labels


def _items(text: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    found, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return [item.strip() for item in found]
