"""The checkers of tools/dev find what they are for: each rule is broken once in a small tree."""
import os
import shutil
import subprocess
import sys
import tempfile

TOOLS = sys.argv[1]
GOOD_HEADER = "#ifndef SCHEMA_A_H\n#define SCHEMA_A_H\nint a_get(void);\n#endif\n"
GOOD_SOURCE = '#include "schema/a.h"\n\nint a_get(void)\n{\n    return 1;\n}\n'

# Two rooms, of which the upper one uses the lower one.
ROOMS = {
    "schema/low/README.md": "`low` `own` `b`\n",
    "schema/high/README.md": "`high` `h` `b`\n",
    "schema/low/CMakeLists.txt": "stele_room(SOURCES low.c PUBLIC low.h)\n",
    "schema/low/low.c": '#include "schema/low/own.h"\n',
    "schema/low/low.h": "\n",
    "schema/low/own.h": "\n",
    "schema/high/CMakeLists.txt": "stele_room(SOURCES high.c USES schema/low)\n",
    "schema/high/high.c": '#include "schema/low/low.h"\n',
    "schema/high/h.h": "\n",
}

# (checker and its argument, file, text, words of the complaint)
BROKEN = [
    ("check_layers", "schema/b.c", '#include "daemon/d.h"\n', "which is above it"),
    ("check_layers", "schema/low/b.c", '#include "schema/high/h.h"\n', "does not use schema/high"),
    ("check_layers", "schema/high/b.c", '#include "schema/low/own.h"\n', "private to schema/low"),
    ("check_layers", "schema/other/CMakeLists.txt", "stele_room(SOURCES x.c USES schema/low)\n",
     "USES schema/low: nothing needs it"),
    ("check_layers", "schema/other/CMakeLists.txt", "stele_room(SOURCES x.c PUBLIC x.h)\n",
     "PUBLIC x.h: nothing needs it"),
    ("check_layers", "schema/low/c.c", "int c;\n", "does not name `c`"),
    ("check_layers", "schema/other/CMakeLists.txt",
     "stele_room(SOURCES x.c PUBLIC x_internal.h)\n", "it is the room's own"),
    ("check_layers", "query/b.c", "#include <sqlite3.h>\n", "<sqlite3.h> belongs to"),
    ("check_layers", "schema/b.c", '#include "a.h"\n', "from the root"),
    ("check_layers", "schema/b.c", '#include "schema/none.h"\n', "does not exist"),
    ("check_layers", "schema/a.h", '#include "schema/c.h"\n', "include each other"),
    ("check_tidy source", "schema/b.c", "// words\n", "comments are written"),
    ("check_tidy source", "schema/b.c", "\tint x;\n", "a tab"),
    ("check_tidy source", "schema/b.c", "int x;", "no newline"),
    ("check_tidy source", "schema/b.c", "/* caf\u00e9 */\n", "not ASCII"),
    ("check_tidy source", "schema/b.c", "void f(void)\n{\n    strcpy(a, b);\n}\n", "strcpy"),
    ("check_tidy source", "schema/b.c", "/* TO" "DO */\n", "does not belong"),
    ("check_tidy source", "schema/b.c", "typedef struct x y;\n", "typedef"),
    ("check_tidy source", "schema/b.c", "/* ---------- */\n", "no banners"),
    ("check_tidy source", "schema/b.c", "int x;\n" * 501, "file of 501 lines"),
    ("check_tidy source", "schema/b.c", "void f(void)\n{\n" + "    x();\n" * 59 + "}\n",
     "function of 61 lines"),
    ("check_tidy source", "schema/b.c", "void f(void)\n{\none:\n    x();\nout:\n    y();\n}\n",
     "labels one, out"),
    ("check_tidy source", "query/a.c", "int x;\n", "the same name"),
    ("check_tidy headers", "schema/b.h", "#pragma once\n", "the guard is"),
    ("check_tidy headers", "schema/b.h",
     "#ifndef SCHEMA_B_H\n#define SCHEMA_B_H\nsize_t b_get(void);\n#endif\n", "compile alone"),
    ("check_tidy format", "schema/b.c", "int  x ;\n", "clang-format"),
    ("check_names", "schema/b.h", "int a_put(void);\n", "a_put does not begin with b_"),
    ("check_names", "schema/b.h", "struct c {\n    int b_x;\n};\n", "c does not begin"),
    ("check_names", "schema/b.h", "enum b { B_ONE, TWO };\n", "TWO does not begin"),
    ("check_names", "schema/b.h", "#define BB 1\n", "BB does not begin"),
    ("check_names", "schema/b.h", "typedef int c_each(void *context);\n", "c_each does not"),
    ("check_names", "schema/low/seal.h", "int low_get(void);\n", "low_get does not begin"),
    ("check_names", "schema/base/lock.h", "int lock_x;\n", "the exception condition has no"),
]
# Not to be complained of.
FINE = [
    ("check_names", "schema/b.h", "struct c;\nstruct b {\n    struct c *c;\n};\nvoid b(void);\n"),
    ("check_names", "schema/low/low_a.h", "int low_get(void);\nenum { LOW_A_MAX = 3 };\n"),
    ("check_names", "schema/words.h", "static inline int word_at(int x)\n{\n    return f(x);\n}\n"),
    ("check_tidy source", "schema/b.c", 'const char *f = "// strcpy(a, b)"; /* strcpy() */\n'),
    ("check_tidy source", "schema/b.c", "void f(void)\n{\n" + "    x();\n" * 58 + "}\n"),
    ("check_tidy source", "schema/b.c", "typedef enum status each(void *context);\n"),
    ("check_layers", "tests/b.c", "#include <sqlite3.h>\n"),
    ("check_layers", "tests/b.c", '#include "schema/low/own.h"\n'),
]


def run(checker, path, text):
    with tempfile.TemporaryDirectory(prefix="stele-test-") as root:
        tree = {"schema/a.h": GOOD_HEADER, "schema/a.c": GOOD_SOURCE,
                "schema/c.h": '#include "schema/a.h"\n', "daemon/d.h": "\n",
                **ROOMS}
        if checker.endswith(("headers", "format")):
            tree = {"schema/a.h": GOOD_HEADER, "schema/a.c": GOOD_SOURCE}
        if path:
            tree[path] = text
        for name, content in tree.items():
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            with open(os.path.join(root, name), "w", encoding="utf-8") as f:
                f.write(content)
        shutil.copy(os.path.join(TOOLS, "../../.clang-format"), root)
        tool, *words = checker.split()
        done = subprocess.run([os.path.join(TOOLS, tool), root, *words], capture_output=True,
                              text=True)
        return done.returncode, done.stdout + done.stderr


def main():
    failed = 0
    for checker in sorted({case[0] for case in BROKEN}):
        code, out = run(checker, None, None)
        if code not in (0, 77):
            failed += 1
            print(f"FAIL {checker} complains of a good tree: {out}")
    for checker, path, text, words in BROKEN:
        code, out = run(checker, path, text)
        if code != 77 and (code != 1 or words not in out):
            failed += 1
            print(f"FAIL {checker} does not say {words!r}: {out}")
    for checker, path, text in FINE:
        code, out = run(checker, path, text)
        if code != 0:
            failed += 1
            print(f"FAIL {checker} complains: {out}")
    print(f"{len(BROKEN) + len(FINE)} cases, {failed} failed")
    sys.exit(1 if failed else 0)


main()
