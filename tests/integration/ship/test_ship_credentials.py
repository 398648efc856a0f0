#!/usr/bin/env python3
"""Where credentials come from, each place by a small server of its own that checks the requests
exactly: STS, the SSO portal, a container's endpoint and EC2's metadata are nowhere else to be had.
No secret may be seen in what is printed."""
import hashlib
import hmac
import http.server
import json
import pathlib
import shutil
import tempfile
import threading
import time
import unittest
import urllib.parse

from ship_world import PUT_TOOL, run
from stele_tool import main_of_cases

SECRETS = ("STATICSECRET", "ROLESECRET", "ROLETOKEN", "SSOTOKEN", "WEBTOKEN", "BEARER", "IMDSTOKEN")
NOW = 1_700_000_000


def text_of(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def keys(name="ROLE", token="Token", expires=NOW + 3600):
    return {"AccessKeyId": f"{name}KEY", "SecretAccessKey": "ROLESECRET/+=", token: "ROLETOKEN==",
            "Expiration": text_of(expires)}


def sts_answer(action="AssumeRole", name="ROLE", expires=NOW + 3600):
    made = keys(name, "SessionToken", expires)
    inner = "".join(f"<{k}>{v}</{k}>" for k, v in made.items())
    return (f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>'
            f"<Credentials>{inner}</Credentials></{action}Result></{action}Response>").encode()


class Place(http.server.ThreadingHTTPServer):
    """Hands each request to `answer(method, path, headers, body)`, which gives (status, body)."""

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.seen = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers, body.decode()))
        status, data = self.server.answer(self.command, self.path, headers, body.decode())
        if isinstance(data, dict):
            data = json.dumps(data).encode()
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", '"0"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

    def log_message(self, *_):
        pass


def signature(secret, region, service, headers, body, host):
    """Signature Version 4 written down once more, from the documentation."""
    names = headers["authorization"].split("SignedHeaders=")[1].split(",")[0]
    values = {**headers, "host": host}
    canonical = "POST\n/\n\n" + "".join(f"{n}:{values[n]}\n" for n in names.split(";")) + \
        f"\n{names}\n{hashlib.sha256(body.encode()).hexdigest()}"
    stamp = headers["x-amz-date"]
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + secret.encode()
    for part in (stamp[:8], region, service, "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


class Credentials(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="stele-aws-"))
        self.addCleanup(shutil.rmtree, self.home)
        self.env = {"HOME": str(self.home), "AWS_EC2_METADATA_DISABLED": "true",
                    "AWS_CONFIG_FILE": str(self.home / "config"),
                    "AWS_SHARED_CREDENTIALS_FILE": str(self.home / "credentials")}

    def place(self, answer):
        server = Place(answer)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def files(self, config="", credentials=""):
        (self.home / "config").write_text(config)
        (self.home / "credentials").write_text(credentials)

    def ask(self, *settings, times=(NOW,)):
        """The lines of put_tool credentials, one for each time."""
        done = run(PUT_TOOL, "credentials", ",".join(map(str, times)),
                   "ship.target=s3://bucket", *settings, env=self.env, ok=False)
        out = done.out.splitlines() or done.words.splitlines()
        for line in out + done.words.splitlines():
            if line.startswith("ERR_"):
                self.assertFalse([s for s in SECRETS if s in line], line)
        return out if len(times) > 1 else out[0]

    def role_line(self, name="ROLE", expires=NOW + 3600):
        return f"{name}KEY ROLESECRET/+= ROLETOKEN== {expires}"


class Order(Credentials):
    def test_each_goes_before_the_next(self):
        server = self.place(lambda *_: (200, keys("BOX")))
        self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url
        self.assertEqual(self.ask(), self.role_line("BOX"))
        self.files(credentials="[default]\naws_access_key_id = FILEKEY\n"
                               "aws_secret_access_key = STATICSECRET\n")
        self.assertEqual(self.ask(), "FILEKEY STATICSECRET - 0")
        self.env.update(AWS_ACCESS_KEY_ID="ENVKEY", AWS_SECRET_ACCESS_KEY="STATICSECRET")
        self.assertEqual(self.ask(), "ENVKEY STATICSECRET - 0")
        self.assertEqual(self.ask("ship.s3_profile=default"), "FILEKEY STATICSECRET - 0")
        self.assertEqual(self.ask("ship.s3_access_key_id=CONF", "ship.s3_secret_access_key=X"),
                         "CONF X - 0")

    def test_none(self):
        line = self.ask()
        self.assertIn("ERR_CONFIG: no credentials for s3://bucket: set ship.s3_access_key_id", line)

    def test_home(self):
        del self.env["AWS_CONFIG_FILE"], self.env["AWS_SHARED_CREDENTIALS_FILE"]
        ship_env = {"AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": ""}
        self.env.update(ship_env)
        (self.home / ".aws").mkdir()
        (self.home / ".aws/config").write_text(
            "[profile x]\naws_access_key_id=FILEKEY\naws_secret_access_key=S\n")
        self.env["AWS_PROFILE"] = "x"
        self.assertEqual(self.ask(), "FILEKEY S - 0")

    def test_wrong_profiles(self):
        self.files("[profile empty]\nregion = x\n[profile half]\naws_access_key_id = X\n")
        self.assertIn("ERR_CONFIG: profile none (ship.s3_profile): not there",
                      self.ask("ship.s3_profile=none"))
        self.assertIn("profile empty (ship.s3_profile): no credentials",
                      self.ask("ship.s3_profile=empty"))
        self.assertIn("no secret access key", self.ask("ship.s3_profile=half"))


class Sts(Credentials):
    CONFIG = ("[profile base]\naws_access_key_id = BASEKEY\naws_secret_access_key = STATICSECRET\n"
              "[profile mid]\nrole_arn = arn:aws:iam::1:role/mid\nsource_profile = base\n"
              "[profile top]\nrole_arn = arn:aws:iam::2:role/top\nsource_profile = mid\n"
              "role_session_name = me\nexternal_id = a&b\nduration_seconds = 900\n"
              "[profile env]\nrole_arn = arn:aws:iam::3:role/env\ncredential_source = Environment\n"
              "[profile self]\nrole_arn = arn:aws:iam::4:role/self\nsource_profile = self\n"
              "aws_access_key_id = SELFKEY\naws_secret_access_key = STATICSECRET\n"
              "[profile a]\nrole_arn = r\nsource_profile = b\n"
              "[profile b]\nrole_arn = r\nsource_profile = a\n"
              "[profile lost]\nrole_arn = r\nsource_profile = nowhere\n"
              "[profile mfa]\nrole_arn = r\nsource_profile = base\nmfa_serial = m\n"
              "[profile web]\nrole_arn = arn:aws:iam::5:role/web\nweb_identity_token_file = ")

    def sts(self, answer=lambda *_: (200, sts_answer())):
        server = self.place(answer)
        self.env["AWS_ENDPOINT_URL_STS"] = server.url
        self.files(self.CONFIG + str(self.home / "token"))
        self.host = f"127.0.0.1:{server.server_port}"
        return server

    def expect_signed(self, seen, key, secret):
        method, path, headers, body = seen
        self.assertEqual((method, path), ("POST", "/"))
        self.assertIn(f"Credential={key}/20231114/eu-west-1/sts/aws4_request,",
                      headers["authorization"])
        self.assertEqual(headers["authorization"].rsplit("=", 1)[1],
                         signature(secret, "eu-west-1", "sts", headers, body, self.host))

    def test_a_chain_of_roles(self):
        server = self.sts()
        line = self.ask("ship.s3_profile=top", "ship.s3_region=eu-west-1")
        self.assertEqual(line, self.role_line())
        first, second = server.seen
        self.assertEqual(first[3], "Action=AssumeRole&Version=2011-06-15&"
                         "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fmid&RoleSessionName=stele")
        self.assertEqual(urllib.parse.parse_qs(second[3]), {
            "Action": ["AssumeRole"], "Version": ["2011-06-15"],
            "RoleArn": ["arn:aws:iam::2:role/top"], "RoleSessionName": ["me"],
            "ExternalId": ["a&b"], "DurationSeconds": ["900"]})
        self.expect_signed(first, "BASEKEY", "STATICSECRET")
        self.expect_signed(second, "ROLEKEY", "ROLESECRET/+=")
        self.assertEqual(second[2]["x-amz-security-token"], "ROLETOKEN==")
        self.assertNotIn("x-amz-security-token", first[2])

    def test_sources(self):
        server = self.sts()
        self.env.update(AWS_ACCESS_KEY_ID="ENVKEY", AWS_SECRET_ACCESS_KEY="STATICSECRET")
        for profile, key in (("env", "ENVKEY"), ("self", "SELFKEY")):
            self.assertEqual(self.ask(f"ship.s3_profile={profile}"), self.role_line())
            self.assertIn(f"Credential={key}/", server.seen[-1][2]["authorization"])

    def test_wrong_roles(self):
        self.sts()
        for profile, words in (("a", "source_profile goes over 5 roles"),
                               ("lost", "needs a source_profile that is there"),
                               ("mfa", "mfa_serial asks for a person's code"),
                               ("env", "credential_source Environment has none")):
            self.assertIn(words, self.ask(f"ship.s3_profile={profile}"))

    def test_refused(self):
        def refuse(_method, _path, headers, _body):
            return 403, (f"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>should "
                         f"be: {headers.get('x-amz-security-token')} STATICSECRET</Message></Error>"
                         f"</ErrorResponse>").encode()
        self.sts(refuse)
        line = self.ask("ship.s3_profile=mid")
        self.assertIn("ERR_DENIED: STS does not give the role arn:aws:iam::1:role/mid: "
                      "SignatureDoesNotMatch (HTTP 403)", line)
        self.sts(lambda *_: (503, b""))
        self.assertIn("ERR_NET", self.ask("ship.s3_profile=mid"))
        self.sts(lambda *_: (200, b"<html>ROLESECRET</html>"))
        self.assertIn("without credentials in it", self.ask("ship.s3_profile=mid"))

    def test_web_identity(self):
        server = self.sts(lambda *_: (200, sts_answer("AssumeRoleWithWebIdentity")))
        self.env.update(AWS_WEB_IDENTITY_TOKEN_FILE=str(self.home / "token"))
        self.assertIn("but not AWS_ROLE_ARN", self.ask())
        self.env.update(AWS_ROLE_ARN="arn:aws:iam::9:role/pod", AWS_ROLE_SESSION_NAME="pod-1")
        self.assertIn("ERR_CONFIG: web identity token: ", self.ask())
        (self.home / "token").write_text("WEBTOKEN.a+b\n")
        self.assertEqual(self.ask(), self.role_line())
        method, path, headers, body = server.seen[0]
        self.assertNotIn("authorization", headers)
        self.assertEqual(body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&"
                         "RoleArn=arn%3Aaws%3Aiam%3A%3A9%3Arole%2Fpod&RoleSessionName=pod-1&"
                         "WebIdentityToken=WEBTOKEN.a%2Bb")
        self.assertEqual(headers["content-type"],
                         "application/x-www-form-urlencoded; charset=utf-8")
        self.assertEqual(self.ask("ship.s3_profile=web"), self.role_line())
        self.assertIn("RoleArn=arn%3Aaws%3Aiam%3A%3A5%3Arole%2Fweb", server.seen[-1][3])

    def test_renewed_in_time(self):
        ends = iter((NOW + 3600, NOW + 7200, NOW + 10800))
        server = self.sts(lambda *_: (200, sts_answer(expires=next(ends))))
        lines = self.ask("ship.s3_profile=mid",
                         times=(NOW, NOW + 3299, NOW + 3300, NOW + 3301, NOW + 9999))
        self.assertEqual([line.split()[3] for line in lines],
                         [str(NOW + n) for n in (3600, 3600, 7200, 7200, 10800)])
        self.assertEqual(len(server.seen), 3)

    def test_old_ones_serve_until_they_run_out(self):
        answers = [(200, sts_answer())] + [(503, b"")] * 9
        server = self.sts(lambda *_: answers.pop(0))
        lines = self.ask("ship.s3_profile=mid",
                         times=(NOW, NOW + 3400, NOW + 3410, NOW + 3440, NOW + 3600))
        self.assertEqual(lines[:4], [self.role_line()] * 4)
        self.assertIn("ERR_NET", lines[4])
        self.assertEqual(len(server.seen), 4)  # 10 s after a failure none was made


class Process(Credentials):
    def profile(self, line):
        self.files(f"[default]\ncredential_process = {line}\n")
        return self.ask("ship.timeout=1s")

    def script(self, text):
        path = self.home / "a script"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return f'"{path}"'

    def test_runs_without_a_shell(self):
        told = json.dumps({"Version": 1, **keys("PROC", "SessionToken")})
        line = self.script(f"echo noise ROLESECRET >&2\n[ \"$1\" = 'a b$HOME;' ] && echo '{told}'")
        self.assertEqual(self.profile(line + " 'a b$HOME;'"), self.role_line("PROC"))
        self.assertIn("failed (exit code 1)", self.profile(line + " other"))

    def test_what_goes_wrong(self):
        self.assertIn("ERR_CONFIG: credential_process: cannot run /nonexistent",
                      self.profile("/nonexistent/x"))
        self.assertIn("a quote that is not closed", self.profile('echo "x'))
        self.assertIn("is not a JSON object", self.profile("echo ROLESECRET"))
        self.assertIn("no secret access key", self.profile(self.script(
            "echo '{\"AccessKeyId\":\"X\",\"SessionToken\":\"ROLETOKEN\"}'")))
        self.assertIn("run out already", self.profile(self.script(
            f"echo '{json.dumps(keys(expires=NOW - 1))}'")))
        self.assertIn("did not end within ship.timeout", self.profile(self.script("sleep 1000")))
        self.assertIn("printed over 65536 bytes", self.profile(self.script("exec yes ROLESECRET")))


class Sso(Credentials):
    def setUp(self):
        super().setUp()
        self.files("[profile new]\nsso_session = mine\nsso_account_id = 123456789012\n"
                   "sso_role_name = Read Only\n"
                   "[sso-session mine]\nsso_start_url = https://x.awsapps.com/start\n"
                   "sso_region = eu-west-1\n"
                   "[profile old]\nsso_start_url = https://x.awsapps.com/start\n"
                   "sso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = R\n"
                   "[profile half]\nsso_account_id = 1\n")
        self.cache = self.home / ".aws/sso/cache"
        self.cache.mkdir(parents=True)

    def token(self, name, expires=NOW + 60, token="SSOTOKEN"):
        path = self.cache / (hashlib.sha1(name.encode()).hexdigest() + ".json")
        path.write_text(json.dumps({"accessToken": token, "expiresAt": text_of(expires)}))

    def portal(self, status=200, body=None):
        server = self.place(lambda *_: (status, body or {"roleCredentials": {
            "accessKeyId": "ROLEKEY", "secretAccessKey": "ROLESECRET/+=",
            "sessionToken": "ROLETOKEN==", "expiration": (NOW + 3600) * 1000}}))
        self.env["AWS_ENDPOINT_URL_SSO"] = server.url
        return server

    def test_a_login_is_used(self):
        server = self.portal()
        self.token("mine")
        self.token("https://x.awsapps.com/start")
        self.assertEqual(self.ask("ship.s3_profile=new"), self.role_line())
        method, path, headers, _ = server.seen[0]
        self.assertEqual((method, path), (
            "GET", "/federation/credentials?role_name=Read%20Only&account_id=123456789012"))
        self.assertEqual(headers["x-amz-sso_bearer_token"], "SSOTOKEN")
        self.assertNotIn("authorization", headers)
        self.assertEqual(self.ask("ship.s3_profile=old"), self.role_line())

    def test_no_login(self):
        self.portal(401, b"SSOTOKEN")
        words = "run aws sso login --profile new"
        self.assertIn("there is no login: " + words, self.ask("ship.s3_profile=new"))
        self.token("mine", NOW - 1)
        self.assertIn("has run out: " + words, self.ask("ship.s3_profile=new"))
        self.token("mine", token="SSOTOKEN\r\nx: y")
        self.assertIn("cannot be read: " + words, self.ask("ship.s3_profile=new"))
        self.token("mine")
        self.assertIn("does not take the login: " + words, self.ask("ship.s3_profile=new"))
        self.assertIn("SSO needs sso_account_id", self.ask("ship.s3_profile=half"))


class Machines(Credentials):
    def test_container(self):
        server = self.place(lambda *_: (200, keys("BOX")))
        self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url + "/creds?id=1"
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic BEARER"
        # a proxy would see the secrets, and cannot reach the address
        self.env["http_proxy"] = "http://127.0.0.1:1"
        self.assertEqual(self.ask("ship.proxy=http://127.0.0.1:1"), self.role_line("BOX"))
        method, path, headers, _ = server.seen[0]
        self.assertEqual((method, path, headers["authorization"]),
                         ("GET", "/creds?id=1", "Basic BEARER"))
        (self.home / "token").write_text("BEARER2\n")
        self.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(self.home / "token")
        self.assertEqual(self.ask(), self.role_line("BOX"))
        self.assertEqual(server.seen[1][2]["authorization"], "BEARER2")
        (self.home / "token").write_text("BEARER\nx: y")
        self.assertIn("holds what no header may", self.ask())
        (self.home / "token").unlink()
        self.assertIn("ERR_CONFIG: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", self.ask())
        self.assertEqual(len(server.seen), 2)

    def test_container_refuses(self):
        server = self.place(lambda *_: (403, b"BEARER"))
        self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url
        self.assertIn("ERR_DENIED: credentials from the container's endpoint: refused (HTTP 403)",
                      self.ask())
        self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://192.0.2.1/"
        self.assertIn("plain http to 192.0.2.1", self.ask())

    def imds(self, role=(200, b"my-role\n"), token=(200, b"IMDSTOKEN=="), credentials=None):
        def answer(method, path, headers, _body):
            if (method, path) == ("PUT", "/latest/api/token"):
                self.assertEqual(headers["x-aws-ec2-metadata-token-ttl-seconds"], "21600")
                self.assertEqual(headers["content-length"], "0")
                return token
            if headers.get("x-aws-ec2-metadata-token") != "IMDSTOKEN==":
                return 401, b""
            if path == "/latest/meta-data/iam/security-credentials/":
                return role
            if path == "/latest/meta-data/iam/security-credentials/my-role":
                return credentials or (200, {"Code": "Success", **keys("EC2")})
            return 404, b""
        server = self.place(answer)
        self.env.update(AWS_EC2_METADATA_DISABLED="", http_proxy="http://127.0.0.1:1",
                        AWS_EC2_METADATA_SERVICE_ENDPOINT=server.url)
        return server

    def test_instance(self):
        server = self.imds()
        self.assertEqual(self.ask(), self.role_line("EC2"))
        self.assertEqual([seen[0] for seen in server.seen], ["PUT", "GET", "GET"])
        self.env["AWS_EC2_METADATA_DISABLED"] = "true"
        self.assertIn("no credentials for", self.ask())
        self.assertEqual(len(server.seen), 3)

    def test_instance_without(self):
        self.imds(role=(404, b""))
        self.assertIn("no credentials for", self.ask())
        # version 1 is never asked
        server = self.imds(token=(403, b""))
        self.assertIn("no credentials for", self.ask())
        self.assertEqual(len(server.seen), 1)
        self.imds(credentials=(500, b"ROLESECRET"))
        self.assertIn("ERR_NET: credentials from the EC2 instance: refused (HTTP 500)", self.ask())
        self.imds(role=(200, b"../x y"))
        self.assertIn("ERR_DENIED", self.ask())

    def test_nobody_there(self):
        self.env.update(AWS_EC2_METADATA_DISABLED="", AWS_EC2_METADATA_SERVICE_ENDPOINT=
                        "http://127.0.0.1:1")
        self.assertIn("no credentials for", self.ask())


class Store(Credentials):
    """Credentials on their way to S3, and what a store's answers give away of them."""

    def put(self, answer, *settings):
        server = self.place(answer)
        file = self.home / "file"
        file.write_bytes(b"ok")
        done = run(PUT_TOOL, "put", "k", file, "ship.target=s3://bucket",
                   f"ship.s3_endpoint={server.url}", *settings, env=self.env, ok=False)
        self.assertFalse([s for s in SECRETS if s in done.words + done.out], done.words)
        return server, done

    def container(self):
        names = iter("ABC")
        server = self.place(lambda *_: (200, keys(next(names), expires=time.time() + 3600)))
        self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url
        return server

    def test_an_expired_token_is_renewed_once(self):
        def answer(_method, _path, headers, _body):
            if "Credential=AKEY/" in headers["authorization"]:
                return 400, b"<Error><Code>ExpiredToken</Code></Error>"
            return 200, b""
        self.container()
        server, done = self.put(answer)
        self.assertEqual(done.out, "created\n")
        self.assertEqual(len(server.seen), 2)
        self.container()
        server, done = self.put(lambda *_: (400, b"<Error><Code>ExpiredToken</Code></Error>"))
        self.assertIn("session token has run out", done.words)
        self.assertEqual(len(server.seen), 2)

    def test_rotated_keys_are_found(self):
        """The request after one that was refused for its key asks anew where keys come from."""
        def answer(method, path, _headers, _body):
            if method == "POST":
                return 200, b"<R><UploadId>u</UploadId></R>"
            if method == "PUT":
                return 403, b"<Error><Code>InvalidAccessKeyId</Code></Error>"
            return 404 if method == "HEAD" else 204, b""
        self.container()
        server, done = self.put(answer, "ship.s3_multipart_over=1", "ship.s3_part_bytes=5MiB")
        self.assertIn("does not know this access key", done.words)
        used = [headers["authorization"].split("Credential=")[1].split("/")[0]
                for _, _, headers, _ in server.seen]
        self.assertEqual([seen[0] for seen in server.seen], ["HEAD", "POST", "PUT", "DELETE"])
        self.assertEqual(used, ["AKEY", "AKEY", "AKEY", "BKEY"])

    def test_a_store_that_recites(self):
        def answer(_method, _path, headers, _body):
            return 403, (f"<Error><Code>SignatureDoesNotMatch</Code><Message>not "
                         f"{headers['x-amz-security-token']}</Message></Error>").encode()
        self.container()
        _, done = self.put(answer)
        self.assertIn("wrong secret key", done.words)


if __name__ == "__main__":
    main_of_cases()
