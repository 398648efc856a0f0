stele_unit_test(config stele_config stele_base)
