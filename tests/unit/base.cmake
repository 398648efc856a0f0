stele_unit_test(base stele_base)
stele_unit_test(signing stele_base)
