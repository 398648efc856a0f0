# What every target is hardened with: bounds of buffers and stack frames are checked, indirect jumps
# land where the compiler says, and what the loader has filled in is read-only from then on. Each as
# far as compiler and processor have it; tests/rules/test_hardening.py looks at the programs.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
             -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "STELE_HAS${flag}" has)
    check_c_compiler_flag(${flag} ${has})
    if(${has})
        target_compile_options(stele_flags INTERFACE ${flag})
    endif()
endforeach()
# 3 is known since gcc 12 and clang 9 (glibc 2.33); an older one takes it for 2.
target_compile_options(stele_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
target_link_options(stele_flags INTERFACE
    LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
