#!/usr/bin/env python3
"""One-node Ceph with its RADOS Gateway on loopback, for tests: no root, no manager, no cephx, data
in memory.

    ceph_rgw.py --dir DIR [--port N] [--tls-port N --cert PEM --key PEM] [--parent PID]

Prints one line of JSON when it answers: {"port": ..., "tls_port": ..., "access_key": ...,
"secret_key": ..., "region": ...}. Ends at SIGTERM, or with its parent (--parent: with that
process). DIR's path must be short: sockets live in it.

Needs Debian's radosgw, ceph-mon and ceph-osd."""
import argparse
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

ACCESS_KEY = "AKIDSTELE"
SECRET_KEY = "secretOfStele"

# auth none needs ms_mon_client_mode = crc: radosgw else insists on a mode that cephx carries.
# The paxos waits are what makes it start in seconds. Without the rgw_gc times deleted bytes stay in
# memory for two hours.
CONF = """[global]
fsid = {fsid}
mon_host = 127.0.0.1:{mon_port}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
ms_bind_msgr2 = false
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
mon_allow_pool_size_one = true
mon_data_avail_crit = 1
mon_data_avail_warn = 2
run_dir = {dir}
admin_socket = {dir}/$name.asok
pid_file = {dir}/$name.pid
log_file = {dir}/$name.log
crash_dir = {dir}
keyring = {dir}/keyring
mon_data = {dir}/mon
osd_data = {dir}/osd
rgw_data = {dir}/rgw
mon_cluster_log_file = {dir}/cluster.log
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:{port}{tls}
rgw_thread_pool_size = 16
rgw_gc_obj_min_wait = 1
rgw_gc_processor_period = 1
rgw_gc_processor_max_time = 30
"""

children = []  # [command, process, starts]


def free_port():
    """Below the ports that the system gives to others: the monitor must get its own back when it
    is started again, whatever other tests are doing."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="utf-8") as file:
        end = int(file.read().split()[0])
    while True:
        port = random.randrange(10000, max(end, 20000))
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def keep():
    """Starts again what has ended: an OSD that asks the monitor too early is told "wrong fsid" and
    gives up."""
    for child in children:
        if child[1].poll() is not None:
            if child[2] == 5:
                raise RuntimeError(f"{' '.join(child[0])} ended 5 times: {child[1].returncode}")
            child[1] = spawn(child[0])
            child[2] += 1


def spawn(command):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def start(*command):
    children.append([command, spawn(command), 1])


def run(*command):
    with tempfile.TemporaryFile("w+") as output, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                             stderr=subprocess.STDOUT) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None:
            keep()
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.02)
        if process.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {output.read()}")


def stop(code=0):
    for child in reversed(children):
        child[1].kill()
    for child in children:
        child[1].wait()
    sys.exit(code)


def answers(port):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls-port", type=int, default=0)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--parent", type=int, default=os.getppid())
    args = parser.parse_args()
    for program in ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool"):
        if not shutil.which(program):
            sys.exit(f"ceph_rgw.py: {program} is not installed: radosgw ceph-mon ceph-osd")
    folder = os.path.abspath(args.dir)
    if len(folder) > 80:
        sys.exit(f"ceph_rgw.py: {folder}: too long for sockets below it")
    for name in ("", "/mon", "/osd", "/rgw"):
        os.makedirs(folder + name, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: stop())
    fsid, osd_id = str(uuid.uuid4()), str(uuid.uuid4())
    port, mon_port = args.port or free_port(), free_port()
    ready = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "region": "us-east-1",
             "port": port}
    tls = ""
    if args.cert:
        ready["tls_port"] = args.tls_port or free_port()
        tls = (f" ssl_endpoint=127.0.0.1:{ready['tls_port']} ssl_certificate={args.cert}"
               f" ssl_private_key={args.key}")
    conf = f"{folder}/ceph.conf"
    with open(conf, "w", encoding="utf-8") as file:
        file.write(CONF.format(fsid=fsid, mon_port=mon_port, dir=folder, port=port, tls=tls))
    os.environ["CEPH_CONF"] = conf
    try:
        run("monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a",
            f"[v1:127.0.0.1:{mon_port}]", f"{folder}/monmap")
        run("ceph-mon", "-c", conf, "--mkfs", "-i", "a", "--monmap", f"{folder}/monmap")
        start("ceph-mon", "-c", conf, "-f", "-i", "a")
        run("ceph", "-c", conf, "--connect-timeout", "30", "osd", "new", osd_id)
        run("ceph-osd", "-c", conf, "--mkfs", "-i", "0", "--osd-uuid", osd_id)
        start("ceph-osd", "-c", conf, "-f", "-i", "0")
        start("radosgw", "-c", conf, "-f", "-n", "client.rgw")
        run("radosgw-admin", "-c", conf, "-n", "client.admin", "user", "create", "--uid=stele",
            "--display-name=stele", f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")
        for _ in range(600):
            keep()
            if answers(port):
                break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"radosgw does not answer; see {folder}/client.rgw.log")
    except (OSError, RuntimeError) as error:
        print(f"ceph_rgw.py: {error}", file=sys.stderr)
        stop(1)
    print(json.dumps(ready), flush=True)
    while os.path.exists(f"/proc/{args.parent}"):
        time.sleep(0.2)
    stop()


if __name__ == "__main__":
    main()
