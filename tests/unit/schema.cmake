stele_unit_test(event stele_schema)
stele_unit_test(term stele_schema)
stele_unit_test(catalogue stele_schema SQLite::SQLite3)
stele_unit_test(column stele_schema)
stele_unit_test(indexer stele_schema)
stele_unit_test(import stele_schema)
set_tests_properties(unit.indexer unit.import PROPERTIES LABELS "unit;thread") # frames are made on a thread
stele_unit_test(observable stele_schema)
stele_unit_test(observed stele_schema)
