stele_unit_test(watch_db stele_schema SQLite::SQLite3)
stele_unit_test(watch_match stele_watch stele_config)
