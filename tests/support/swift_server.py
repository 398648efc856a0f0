#!/usr/bin/python3
"""OpenStack Swift with its S3 API in one process, for tests: proxy, account, container and object
server on loopback, no root, no memcached.

    swift_server.py --dir DIR [--port N] [--tls-port N --cert PEM --key PEM] [--parent PID]

Prints one line of JSON when it answers: {"port": ..., "tls_port": ..., "access_key": ...,
"secret_key": ..., "region": ...}. Ends at SIGTERM, or with its parent (--parent: with that
process). Objects are kept in DIR when its file system has user xattrs, else in memory.

Needs Debian's swift-proxy, swift-account, swift-container and swift-object, and Debian's python3
(their home is /usr/lib/python3/dist-packages)."""
import argparse
import json
import os
import sys

try:
    import eventlet
    from eventlet import wsgi
    from swift.common import utils
except ImportError as error:
    sys.exit(f"swift_server.py: {error}: install swift-proxy swift-account swift-container "
             f"swift-object and run this with /usr/bin/python3")

utils.eventlet_monkey_patch()

ACCESS_KEY = "test:tester"
SECRET_KEY = "testing"
REGION = "us-east-1"

STORAGE = """[DEFAULT]
devices = {dir}/devices
mount_check = false
swift_dir = {dir}
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{egg}
mount_check = false
fallocate_reserve = 0
disable_fallocate = true
"""

PROXY = """[DEFAULT]
swift_dir = {dir}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
"""


def has_xattrs(folder):
    try:
        os.setxattr(folder, "user.swift.test", b"1")
        return True
    except OSError:
        return False


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_ring(folder, kind, port):
    from array import array
    from swift.common.ring import RingData
    device = {"id": 0, "zone": 1, "region": 1, "weight": 1.0, "ip": "127.0.0.1", "port": port,
              "device": "d0", "meta": "", "replication_ip": "127.0.0.1", "replication_port": port}
    RingData([array("H", [0] * 4)], [device], 30).save(f"{folder}/{kind}.ring.gz")


def serve(sock, app):
    from swift.common.http_protocol import SwiftHttpProtocol
    from swift.common.utils import NullLogger
    eventlet.spawn(wsgi.server, sock, app, NullLogger(), protocol=SwiftHttpProtocol,
                   capitalize_response_headers=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls-port", type=int, default=0)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--parent", type=int, default=os.getppid())
    args = parser.parse_args()
    folder = os.path.abspath(args.dir)
    os.makedirs(f"{folder}/devices/d0", exist_ok=True)
    write(f"{folder}/swift.conf", "[swift-hash]\nswift_hash_path_prefix = a\n"
          "swift_hash_path_suffix = b\n[storage-policy:0]\nname = p\ndefault = yes\n")
    utils.set_swift_dir(folder)
    from swift.common.wsgi import loadapp

    backend = {}
    for kind in ("account", "container", "object"):
        backend[kind] = eventlet.listen(("127.0.0.1", 0))
        egg = kind
        if kind == "object" and not has_xattrs(folder):
            egg = "mem_object"
        write(f"{folder}/{kind}.conf", STORAGE.format(dir=folder, kind=kind, egg=egg))
        write_ring(folder, kind, backend[kind].getsockname()[1])
    write(f"{folder}/proxy.conf", PROXY.format(dir=folder))
    for kind, sock in backend.items():
        serve(sock, loadapp(f"{folder}/{kind}.conf"))
    proxy = loadapp(f"{folder}/proxy.conf")
    ready = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "region": REGION}
    front = eventlet.listen(("127.0.0.1", args.port), reuse_port=False)
    serve(front, proxy)
    ready["port"] = front.getsockname()[1]
    if args.cert:
        plain = eventlet.listen(("127.0.0.1", args.tls_port), reuse_port=False)
        ready["tls_port"] = plain.getsockname()[1]
        serve(eventlet.wrap_ssl(plain, certfile=args.cert, keyfile=args.key, server_side=True),
              proxy)
    print(json.dumps(ready), flush=True)
    while os.path.exists(f"/proc/{args.parent}"):
        eventlet.sleep(0.2)


if __name__ == "__main__":
    main()
