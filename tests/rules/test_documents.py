"""The documents of the project: files and variables that they name are there, the walks of
ARCHITECTURE.md go down, its words are sorted, lines and the README are short."""
import fnmatch
import glob
import os
import re

from stele_tool import expect, main

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md",
             "tests/README.md")
README_WORDS = 1200
LINE_CHARACTERS = 120
# Names that stand for many files, or for files that are made.
NOT_FILES = re.compile(r"NAME|TOP|UNIT|FOLDER|PRESET|x_|noun|^(verbs|corpus)/$|^dt=|^teleport/|^/")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def tracked():
    """Every file, as a path from the root."""
    for top in ("schema", "query", "daemon", "tools", "tests"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), ROOT)


def named_paths(text):
    """What looks like a file in `code`, or is the target of a link."""
    for code, link in re.findall(r"`([^`\s]+)`|\]\(([^)#\s]+)", text):
        path = code or link
        if not re.fullmatch(r"[\w./*{},-]+", path) or NOT_FILES.search(path):
            continue
        if link or re.search(r"\.(c|h|py|def|sql|md|txt|toml)$|^(schema|query|daemon|tools|tests)/", path):
            yield path


def is_there(path, folder, files):
    braces = re.sub(r"\{[^}]*\}", "*", path)
    if "*" in braces:
        return (any(glob.glob(os.path.join(ROOT, start, braces)) for start in ("", folder)) or
                any(fnmatch.fnmatch(os.path.basename(name), braces) for name in files))
    return (any(os.path.exists(os.path.join(ROOT, start, path)) for start in ("", folder)) or
            any(name.endswith("/" + path) for name in files))


def files_that_are_named(place):
    files = list(tracked())
    expect(len(files) > 500, "the files were found")
    missing = [f"{document}: {path}" for document in DOCUMENTS for path in named_paths(read(document))
               if not is_there(path, os.path.dirname(document), files)]
    expect(not missing, "named, and not there: " + ", ".join(missing))


def variables_that_are_named(place):
    files = [path for path in tracked() if re.search(r"\.(c|h|py|txt|cmake)$|/(test|quickstart)$", path)]
    known = set()
    for path in files:
        if os.path.basename(path) != "test_documents.py":
            known.update(re.findall(r"\bSTELE_[A-Z0-9_]+\b", read(path)))
    for document in DOCUMENTS:
        named = set(re.findall(r"\bSTELE_[A-Z0-9_]+\b", read(document)))
        expect(named <= known, f"{document}: nothing reads {sorted(named - known)}")


def rooms():
    """Rooms from the bottom up, in the order in which CMake adds them."""
    order = []
    for top, name in (("schema", "foreach"), ("query", "foreach"), ("daemon", "foreach"),
                      ("tools/stele", "set")):
        text = read(f"{top.split('/')[0]}/CMakeLists.txt")
        words = re.search(rf"{name}\(rooms?\s([^)]*)\)", text)[1].split()
        order += [f"{top}/{word}" for word in words] + [top]
    return order


def walks_go_down(place):
    order = rooms()
    expect(len(order) > 35, f"{len(order)} rooms")
    walks = read("ARCHITECTURE.md").split("\n## Three walks\n")[1].split("\n## ")[0]
    legs = [re.findall(r"^\| `([\w./]+)` \|", leg, re.M) for leg in walks.split("| file |")[1:]]
    expect(len(legs) >= 3 and all(len(leg) > 5 for leg in legs), f"{len(legs)} legs")
    for leg in legs:
        ranks = [order.index(os.path.dirname(path)) for path in leg]
        for i in range(1, len(leg)):
            expect(ranks[i] <= ranks[i - 1], f"{leg[i - 1]} to {leg[i]} is a step up")


def words_are_sorted(place):
    text = read("ARCHITECTURE.md").split("\n## Words\n")[1].split("\n## ")[0]
    words = [word.strip("`").lower() for word in re.findall(r"^\| ([^|]+) \|", text, re.M)[1:]]
    expect(len(words) > 60 and words == sorted(words),
           "not sorted: " + ", ".join(b for a, b in zip(words, words[1:]) if b < a))
    expect(len(words) == len(set(words)), "a word is there twice")


def lines_are_short(place):
    for document in DOCUMENTS:
        for number, line in enumerate(read(document).split("\n"), 1):
            table = line.startswith("|") and document != "ARCHITECTURE.md"
            if not table and not line.startswith(("    ", "![")):
                expect(len(line) <= LINE_CHARACTERS, f"{document}:{number}: {len(line)} characters")
    words = len(read("README.md").split())
    expect(words <= README_WORDS, f"README.md has {words} words")


main(files_that_are_named, variables_that_are_named, walks_go_down, words_are_sorted,
     lines_are_short)
