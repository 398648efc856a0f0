"""Every example of the manual and of the README, run as it is written: its exit code, and its
output as far as the document shows it."""
import glob
import os
import sys

from manual_text import is_output, markdown_examples, page_examples
from manual_world import ROOT, World, enter, starts_daemon
from stele_tool import expect

TELEPORT = "it is Teleport's"
# Examples that are not run, and why. Each must be there.
NOT_RUN = {
    ("stele-init.1", "tctl create -f new/teleport/teleport-event-handler-role.yaml"): TELEPORT,
    ("stele-init.1", "tctl auth sign --user teleport-event-handler --out identity"): TELEPORT,
    ("stele-init.1", "teleport-event-handler start --config teleport-event-handler.toml"): TELEPORT,
    ("stele-lake.1", "duckdb < events.sql"): "Debian has no DuckDB; integration.lake runs such SQL",
    ("steled.8", "systemctl enable --now steled"): "it takes a running systemd",
    ("steled.8", "systemctl reload steled"): "it takes a running systemd",
}
# Programs with sanitizers: SQLite and Python without them cannot load the extension.
SANITIZED = os.environ.get("STELE_SANITIZED")


def documents():
    """(name, examples) of each page, and of the README."""
    for path in sorted(glob.glob(os.path.join(ROOT, "tools/man/*.[1-9]"))):
        with open(path, encoding="utf-8") as f:
            yield os.path.basename(path), page_examples(os.path.basename(path), f.read())
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        yield "README.md", markdown_examples("README.md", f.read())


def fault_of(example, follower, code, text):
    """What is wrong with an example's result, or None. A code other than 0 must be shown, by
    `echo $?` in the next example."""
    if code != 0 and not (follower and follower.command == "echo $?"):
        return f"exit code {code}\n{text}"
    more = ["..."] if starts_daemon(example.command) else []  # its log goes on
    if example.output and not is_output(example.output + more, text):
        return "printed, instead of what is shown:\n" + text
    return None


def run_document(world, name, examples, show):
    world.fresh(with_archive=name != "README.md")
    faults = 0
    for i, example in enumerate(examples):
        if (name, example.command) in NOT_RUN or (SANITIZED and "stele_sql" in example.command):
            continue
        code, text = world.run(example.command)
        follower = examples[i + 1] if i + 1 < len(examples) else None
        fault = fault_of(example, follower, code, text)
        if show:
            print(f"$ {example.command}\n{text}", end="" if text.endswith("\n") else "\n")
        if fault:
            faults += 1
            print(f"FAIL {example}\n{fault}", flush=True)
    print("FAIL" if faults else "ok  ", name, len(examples), "examples", flush=True)
    return faults


def check_not_run(found):
    there = {(name, example.command) for name, examples in found for example in examples}
    gone = [what for what in NOT_RUN if what not in there]
    expect(not gone, f"not run, and not there: {gone}")


def main():
    code = enter(os.path.abspath(__file__))
    if code is not None:
        sys.exit(code)
    show = "--show" in sys.argv
    names = [word for word in sys.argv[1:] if not word.startswith("--")]
    found = list(documents())
    check_not_run(found)
    expect(names or sum(len(examples) for _, examples in found) > 100, "there are examples")
    faults = 0
    with World() as world:
        for name, examples in found:
            if examples and (not names or name in names):
                try:
                    faults += run_document(world, name, examples, show)
                except Exception as problem:  # the others run
                    faults += 1
                    print("FAIL", name, type(problem).__name__, problem, flush=True)
    sys.exit(1 if faults else 0)


main()
