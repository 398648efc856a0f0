stele_unit_test(config stele_config stele_base)
stele_unit_test(http_request stele_receive stele_base)
stele_unit_test(decode stele_receive stele_base PkgConfig::DEFLATE)
