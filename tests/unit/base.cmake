stele_unit_test(base stele_base)
