stele_unit_test(options stele_tool)
stele_unit_test(pki stele_tool)
stele_unit_test(records stele_tool)
stele_unit_test(unpack stele_tool ZLIB::ZLIB PkgConfig::ZSTD)
