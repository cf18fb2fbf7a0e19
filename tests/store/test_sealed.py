"""No sealed column is left out when keys are exchanged."""

from __future__ import annotations

from django.apps import apps

from seatkeeper.store.sealed import TABLES


def test_every_column_that_says_it_is_sealed_is_sealed_anew_with_a_new_key() -> None:
    told = {
        (model.__name__, field.name)
        for model in apps.get_app_config("store").get_models()
        for field in model._meta.concrete_fields
        if "sealed" in str(field.help_text).split("Ids")[0]
    }
    known = {(table.rows().model.__name__, name) for table in TABLES for name in table.fields}
    assert told == {each for each in known if each[0] != "Authenticator"}
