stele_unit_test(event stele_schema)
stele_unit_test(term stele_schema)
stele_unit_test(catalogue stele_schema SQLite::SQLite3)
