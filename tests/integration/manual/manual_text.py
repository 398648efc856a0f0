"""The examples of a document: what a reader is told to type, and what is shown as its answer.

A command is a line that begins with "$ " in a block of code: of a page of the manual between
".Bd -literal" and ".Ed", of Markdown where a line is indented by four spaces. It goes on over
further lines as long as a quotation mark is open or a backslash ends the line. What follows up to
the next command, or the end of the block, is its output."""
import re
import shlex


class Example:
    def __init__(self, document, number, command):
        self.document = document
        self.line = number
        self.command = command
        self.output = []

    def __str__(self):
        return f"{self.document}:{self.line}: {self.command}"


def is_open(command):
    """Does the command go on in the next line?"""
    if command.endswith("\\"):
        return True
    try:
        shlex.split(command)
    except ValueError:
        return True
    return False


def examples_of(document, lines):
    """Examples among numbered lines of blocks; None ends a block."""
    found, current = [], None
    for number, line in lines:
        if line is None:
            if current and is_open(current.command):
                raise AssertionError(f"{current}: the command is not complete")
            current = None
        elif line.startswith("$ "):
            current = Example(document, number, line[2:])
            found.append(current)
        elif current and not current.output and is_open(current.command):
            current.command += "\n" + line
        elif current:
            current.output.append(line)
    return found


def unescape(text):
    for escape, plain in (("\\(aq", "'"), ("\\(dq", '"'), ("\\-", "-"), ("\\&", ""), ("\\e", "\\")):
        text = text.replace(escape, plain)
    return text


def page_blocks(text):
    """Numbered lines of a page's literal blocks."""
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"\.Bd -literal\b", line):
            inside = True
        elif line == ".Ed":
            inside = False
            yield number, None
        elif inside:
            yield number, unescape(line)


def markdown_blocks(text):
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("    "):
            yield number, line[4:].rstrip()
        elif line:
            yield number, None
    yield 0, None


def page_examples(name, text):
    return examples_of(name, page_blocks(text))


def markdown_examples(name, text):
    return examples_of(name, markdown_blocks(text))


# What differs from run to run, in the order in which it is replaced.
VARYING = (
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?Z?)?", "<time>"),
    (r"\b\d{4}-\d\d-\d\d\b", "<day>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b[0-9a-f]{8,}\b", "<hex>"),
    (r"\bpid \d+", "pid <n>"),
    (r"\b\d+ days left", "<n> days left"),
    (r"\b[\d,]+ (bytes|KiB|MiB)\b", r"<n> \1"),
    (r"\b[\d,]+ bytes", "<n> bytes"),
    (r"\b[\d.,]+ s\b", "<n> s"),
    (r"\b[\d,]+/s\b", "<n>/s"),
    (r"[ \t]+", " "),
)


def plain(line):
    """The line without what differs from run to run."""
    for pattern, word in VARYING:
        line = re.sub(pattern, word, line)
    return line.strip()


def output_pattern(lines):
    """What the output must be: a line "..." stands for any lines, "..." in a line for any text."""
    pattern = ""
    for line in lines:
        line = line.replace("\u2026", "...")
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*"
        else:
            parts = [re.escape(part) for part in plain(line).split("...")]
            pattern += "[^\\n]*".join(parts) + "\n"
    return pattern


def is_output(expected, text):
    lines = [plain(line) for line in text.rstrip("\n").split("\n")]
    while expected and not expected[-1].strip():
        expected = expected[:-1]
    return re.fullmatch(output_pattern(expected), "\n".join(lines) + "\n") is not None
