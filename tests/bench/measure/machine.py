"""Facts of the machine, without which no figure means anything."""
import os
import platform
import re
import shutil
import statistics
import time

from measure.process import run


def fdatasync_ms(directory):
    """Median of appending 4 KiB and making it last."""
    path = os.path.join(directory, "sync")
    seconds = []
    with open(path, "wb", buffering=0) as f:
        for _ in range(200):
            f.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fdatasync(f.fileno())
            seconds.append(time.perf_counter() - begun)
    os.remove(path)
    return statistics.median(seconds) * 1000


def version(program):
    if not shutil.which(program):
        return None
    first = run([program, "--version"]).out.split("\n", 1)[0]
    found = re.search(r"\d+\.\d[\d.]*", first)
    return found.group() if found else first


def facts(directory):
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = re.search(r"model name\s*: (.*)", f.read())
    with open("/proc/meminfo", encoding="utf-8") as f:
        memory = int(re.search(r"MemTotal:\s*(\d+)", f.read()).group(1)) // 1024
    return {"cpu": model.group(1) if model else platform.machine(), "cores": os.cpu_count(),
            "memory_mib": memory, "kernel": platform.release(),
            "filesystem": run(["stat", "-f", "-c", "%T", directory]).out.strip(),
            "fdatasync_ms": round(fdatasync_ms(directory), 3),
            "load": round(os.getloadavg()[0], 2),
            "versions": {name: version(name) for name in ("rg", "zstd", "sqlite3")}}
