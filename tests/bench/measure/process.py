"""Whole processes, measured: wall time from start to end, processor time, and the highest resident
size. The size that the kernel gives for a process begins with that of the one it was started from, so
nothing is shown below that of this bench, some 20 MiB."""
import os
import shlex
import statistics
import subprocess
import tempfile
import time

LONG_S = 30  # a run that takes longer is not repeated


class Run:
    """What came of one process."""

    def __init__(self, words, seconds, cpu_s, code, peak_mib, out, err):
        self.words = words
        self.seconds = seconds
        self.cpu_s = cpu_s  # of all its threads, and of the processes that it waited for
        self.code = code
        self.peak_mib = peak_mib
        self.out = out
        self.err = err

    def fine(self, codes=(0,)):
        """Itself; ends the bench when the process ended otherwise."""
        if self.code not in codes:
            shown = self.words if isinstance(self.words, str) else shlex.join(self.words)
            raise SystemExit(f"bench: {shown}\nbench: exit code {self.code}: {self.err.strip()}")
        return self


def run(words, stdin=None):
    """A list of words is a program; a string is for bash. Output goes to files, which hold nothing
    up."""
    command = ["bash", "-c", words] if isinstance(words, str) else words
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.perf_counter()
        # Reaped by wait4, which tells what it used.
        process = subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL, stdout=out,
                                   stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Run(words, seconds, usage.ru_utime + usage.ru_stime, process.returncode,
               usage.ru_maxrss / 1024, *texts)


def repeat(once, runs, all_s=None):
    """Up to `runs` times once(), a Run each. Ends early after one that took long, or failed, or, if
    all_s is given, when so many seconds are spent."""
    done = []
    while len(done) < runs:
        done.append(once())
        spent = sum(each.seconds for each in done)
        if done[-1].seconds > LONG_S or done[-1].code not in (0, 1) or (all_s and spent > all_s):
            break
    return done


def in_turns(sides, runs):
    """sides: what to run once, by name. A list of Runs for each, made in turns, so that what disturbs
    the machine for a while disturbs all of them. One that took long or failed is not repeated."""
    done = {name: [] for name in sides}
    for _ in range(runs):
        for name, once in sides.items():
            before = done[name]
            if not before or (before[-1].seconds <= LONG_S and before[-1].code in (0, 1)):
                before.append(once())
    return done


def median_s(runs):
    return statistics.median(each.seconds for each in runs)


def median_cpu_s(runs):
    return statistics.median(each.cpu_s for each in runs)


def open_files(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def most_open_files(words):
    """The most files that a program has open while it runs."""
    most = 0
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while process.poll() is None:
        most = max(most, open_files(process.pid))
    return most
