stele_unit_test(retention stele_retention stele_config SQLite::SQLite3)
