"""Audit events as other systems keep them. Each shape makes a file of lines (bytes of one JSON object
each) and says what an import must do with it: give the lines back, or refuse them and say why."""
import base64
import csv
import io
import json

NO_TYPE = "a JSON object that names no event type"
NOT_JSON = "not JSON"
TEXT_LOG = "Teleport's text log"


def text(line):
    return line.decode("utf-8")


def quoted(line):
    """As a string of JSON, of the form that most programs write."""
    return json.dumps(text(line), ensure_ascii=False).encode()


def rows(make):
    return lambda lines: b"".join(make(i, line) + b"\n" for i, line in enumerate(lines))


def spliced(template):
    """A row for each line: OBJECT is the event as it is, STRING a string with its text, STRING2 one
    of the text of that string, LINE and LINE2 a string with a line of Fluentd's stdout in it."""
    def row(i, line):
        stdout = b"2026-01-02 03:04:05.000000000 +0000 test.log: " + line + b"\n"
        for name, value in ((b"STRING2", quoted(quoted(line)[1:-1])), (b"STRING", quoted(line)),
                            (b"LINE", quoted(stdout)), (b"OBJECT", line)):
            if name in template:
                return template.replace(name, value)
        raise AssertionError(template)
    return rows(row)


def listed(head, item, tail, between=b","):
    """All lines in one object: head, item for each, tail."""
    one = spliced(item)
    return lambda lines: head + between.join(one([line])[:-1] for line in lines) + tail


def table(header, make, delimiter=",", quoting=csv.QUOTE_MINIMAL, end="\r\n"):
    def shape(lines):
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
        if header:
            writer.writerow(header)
        for i, line in enumerate(lines):
            writer.writerow(make(i, text(line)))
        return out.getvalue().encode()
    return shape


def copied(line):
    """As COPY writes a cell in its text format."""
    for plain, escaped in ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n")):
        line = line.replace(plain, escaped)
    return line


def copy_rows(i, line):
    return (b"2026-01-02 03:04:05.123+00\t5d0a0000-0000-4000-8000-%012d\tuser.login\t\\N\t" % i +
            copied(line) + b"\t2026-01-02 03:04:06.5+00")


def bytes_of(line):
    return b'{"MESSAGE":[' + b",".join(b"%d" % byte for byte in line) + b'],"PRIORITY":"6"}'


def encoded(template):
    return rows(lambda i, line: template.replace(b"BASE64", base64.b64encode(line)))


def typed(value):
    """The value as DynamoDB's streams have it."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float)):
        return {"N": json.dumps(value)}
    if isinstance(value, dict):
        return {"M": {key: typed(item) for key, item in value.items()}}
    return {"S": value}


HEAD = b"2026-01-02T03:04:05.123Z"

# Given back byte for byte.
READ = {
    # Elasticsearch, OpenSearch, Kibana
    "elastic_hit_original": spliced(
        b'{"_index":"logs","_id":"x","_source":{"@timestamp":"2026-01-02T03:04:05Z","message":"-",'
        b'"event":{"original":STRING,"action":"user.login","kind":"event","code":"T1"},'
        b'"teleport":{"audit":{"user":{"name":"alice"}}}}}'),
    "elastic_hit_source": spliced(b'{"_index":"i","_id":"x","_score":1.0,"_source":OBJECT}'),
    "elastic_response": listed(b'{"took":3,"hits":{"total":{"value":3},"max_score":null,"hits":[',
                               b'{"_index":"i","_id":"x","_source":OBJECT}', b"]}}"),
    "elastic_flat_original": spliced(b'{"@timestamp":"2026-01-02T03:04:05Z","event.original":STRING}'),
    "elastic_message": spliced(b'{"_source":{"event":{"kind":"event"},"message":STRING}}'),
    "kibana_csv": table(["@timestamp", "_id", "event.original"], lambda i, e: ["Jan 2", i, e]),
    "logstash_message": spliced(b'{"@version":"1","message":STRING,"host":{"name":"a"},"tags":["x"]}'),
    # Splunk, Sumo Logic, Datadog, Graylog, New Relic
    "splunk_csv": table(["_serial", "_time", "source", "_raw"],
                        lambda i, e: [i, "2026-01-02T03:04:05.123+0000", "http:x", e]),
    "splunk_json": spliced(b'{"preview":false,"offset":1,"result":{"_raw":STRING,"_time":"x"}}'),
    "splunk_hec_object": spliced(b'{"time":1767323045.1,"host":"h","sourcetype":"_json","event":OBJECT}'),
    "splunk_hec_line": spliced(b'{"time":1767323045.1,"host":"h","event":LINE}'),
    "sumo_csv": table(["_messageid", "_sourcecategory", "_messagetime", "_raw"],
                      lambda i, e: [i, "prod/teleport", "1767323045000", e], quoting=csv.QUOTE_ALL),
    "sumo_json": spliced(b'{"map":{"_messagetime":"1767323045000","_raw":STRING}}'),
    "datadog_archive": spliced(b'{"_id":"x","date":"2026-01-02T03:04:05Z","host":"h","source":"teleport",'
                               b'"attributes":OBJECT,"tags":["env:x"]}'),
    "datadog_api": listed(b'{"data":[', b'{"id":"x","type":"log","attributes":{"timestamp":"t",'
                          b'"tags":[],"message":"-","attributes":OBJECT}}', b'],"links":{}}'),
    "datadog_message": spliced(b'{"id":"x","attributes":{"host":"h","message":STRING}}'),
    "datadog_csv": table(["Date", "Host", "Service", "Message"],
                         lambda i, e: ["2026-01-02T03:04:05.123Z", "h", "teleport", e]),
    "graylog_gelf": spliced(b'{"version":"1.1","host":"h","short_message":"x","full_message":STRING,"level":6}'),
    "new_relic": listed(b'[{"common":{},"logs":[', b'{"timestamp":1767323045000,"message":STRING}', b"]}]"),
    # AWS
    "cloudwatch_filter": listed(b'{\n    "events": [\n', b'        {\n            "logStreamName": "s",\n'
                                b'            "timestamp": 1767323045123,\n            "message": STRING\n'
                                b'        }', b'\n    ],\n    "searchedLogStreams": []\n}\n', b",\n"),
    "cloudwatch_subscription": listed(
        b'{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":[',
        b'{"id":"1","timestamp":1767323045123,"message":STRING}', b"]}"),
    "cloudwatch_insights_csv": table(["@timestamp", "@message"],
                                     lambda i, e: ["2026-01-02 03:04:05.123", e], quoting=csv.QUOTE_ALL),
    "sns": spliced(b'{"Type":"Notification","MessageId":"x","TopicArn":"arn:x","Message":STRING}'),
    "sqs": listed(b'{"Messages":[', b'{"MessageId":"x","ReceiptHandle":"y","Body":STRING}', b"]}"),
    "sqs_of_sns": listed(b'{"Messages":[', b'{"Body":"{\\"Message\\":STRING2}"}'.replace(
        b"STRING2", b"NESTED"), b"]}"),
    "eventbridge": spliced(b'{"version":"0","detail-type":"x","source":"teleport","detail":OBJECT}'),
    "kinesis_base64": encoded(b'{"Records":[{"kinesis":{"partitionKey":"x","data":"BASE64"}}]}'),
    "dynamodb_stream": spliced(b'{"Records":[{"eventName":"INSERT","dynamodb":{"Keys":{"SessionID":'
                               b'{"S":"x"}},"NewImage":{"EventType":{"S":"x"},"Fields":{"S":STRING}}}}]}'),
    "dynamodb_export": spliced(b'{"Item":{"SessionID":{"S":"x"},"EventIndex":{"N":"0"},"Fields":{"S":STRING}}}'),
    "athena_csv": table(["event_type", "event_time", "uid", "event_data"],
                        lambda i, e: ["x", "2026-01-02 03:04:05.000", i, e],
                        quoting=csv.QUOTE_ALL, end="\n"),
    # Google Cloud, Azure
    "gcp_json_payload": spliced(b'{"insertId":"x","jsonPayload":OBJECT,"logName":"l","timestamp":"t"}'),
    "gcp_text_payload": spliced(b'{"insertId":"x","textPayload":LINE,"resource":{"type":"k8s"}}'),
    "gcp_list": listed(b"[\n", b'{"insertId":"x","jsonPayload":{"message":STRING}}', b"\n]\n", b",\n"),
    "pubsub_base64": encoded(b'{"receivedMessages":[{"message":{"data":"BASE64","messageId":"1"}}]}'),
    "firestore": listed(b'{"documents":[', b'{"name":"projects/p/x","fields":{"sessionID":{"stringValue":'
                        b'"s"},"fields":{"stringValue":STRING}}}', b"]}"),
    "azure_event_hub": listed(b'{"records":[', b'{"time":"t","category":"x","properties":OBJECT}', b"]}"),
    # shippers and queues
    "vector": spliced(b'{"message":STRING,"path":"/test.log","source_type":"http_server"}'),
    "fluent_bit_file": rows(lambda i, line: b"test.log: [1767323045.000000000, " + line + b"]"),
    "fluent_bit_stdout": rows(lambda i, line: b"[%d] test.log: [[1767323045.0, {}], " % i + line + b"]"),
    "fluent_bit_log": spliced(b'{"date":1767323045.0,"log":LINE}'),
    "loki": listed(b'{"streams":[{"stream":{"job":"x"},"values":[', b'["1767323045000000000",STRING]',
                   b"]}]}"),
    "kafka_value": spliced(b'{"topic":"t","partition":0,"offset":1,"key":null,"value":STRING}'),
    "kafka_base64": encoded(b'{"topic":"t","offset":1,"value":"BASE64"}'),
    "kafka_console": rows(lambda i, line: b"CreateTime:1767323045000\tkey%d\t" % i + line),
    # containers and hosts
    "docker_json_file": spliced(b'{"log":LINE,"stream":"stdout","time":"2026-01-02T03:04:05.2Z"}'),
    "cri": rows(lambda i, line: HEAD + b" stdout F 2026-01-02 03:04:05.000000000 +0000 test.log: " + line),
    "journald": spliced(b'{"__CURSOR":"x","_SYSTEMD_UNIT":"fluentd.service","MESSAGE":LINE,"PRIORITY":"6"}'),
    "journald_bytes": rows(lambda i, line: bytes_of(line)),
    "syslog_3164": rows(lambda i, line: b"<110>Jan  2 03:04:05 host teleport[123]: " + line),
    "syslog_5424": rows(lambda i, line: b'<110>1 ' + HEAD + b' host teleport - - [meta seq="1"] \xef\xbb\xbf' + line),
    "syslog_cee": rows(lambda i, line: b"Jan  2 03:04:05 host teleport: @cee: " + line),
    # databases and files
    "postgres_copy": rows(copy_rows),
    "postgres_dump": lambda lines: (b"COPY public.events (event_data) FROM stdin;\n" +
                                    b"".join(copied(line) + b"\n" for line in lines) + b"\\.\n"),
    "csv_without_header": table(None, lambda i, e: [i, "x", e]),
    "csv_semicolons": table(["id", "payload"], lambda i, e: [i, e], delimiter=";"),
    "utf16_little": lambda lines: b"\xff\xfe" + (b"\n".join(lines) + b"\r\n").decode().encode("utf-16-le"),
    "utf16_big": lambda lines: b"\xfe\xff" + (b"\n".join(lines) + b"\n").decode().encode("utf-16-be"),
    "commas_between": lambda lines: b",\n".join(lines) + b",\n",
    "teleport_json_log": spliced(b'{"caller":"events/emitter.go:287","component":"audit","level":"info",'
                                 b'"message":"emitting audit event","event_type":"x","fields":OBJECT}'),
    "record_separators": rows(lambda i, line: b"\x1e" + line),
}
READ["sqs_of_sns"] = lambda lines: b'{"Messages":[' + b",".join(
    b'{"Body":' + quoted(b'{"Type":"Notification","Message":' + quoted(line) + b"}") + b"}"
    for line in lines) + b"]}"

# Refused: what it is, how many records, and why.
REFUSED = {
    "events_of_ecs": (b'{"_source":{"event":{"action":"user.login","kind":"event"},"user":{"name":"a"}}}\n'
                      * 3, 3, NO_TYPE),
    "rows_of_panther": (b'{"p_log_type":"Gravitational.TeleportAudit","p_event_time":"2026-01-02 03:04:05"}\n',
                        1, NO_TYPE),
    "metrics": (b'{"name":"cpu","value":0.5,"data":{"event":"click","x":1}}\n' * 2, 2, NO_TYPE),
    "message_of_text": (b'{"message":"started, waiting for {events}","level":"info"}\n', 1, NO_TYPE),
    "a_number_for_a_type": (b'{"event":7,"uid":"x"}\n{"event":null}\n{"event":""}\n{"event":["a"]}\n', 4,
                            NO_TYPE),
    "teleport_text_log": (
        b"2026-01-02T03:04:05Z INFO [AUDIT]     user.login code:T1000I ei:0 event:user.login "
        b"time:2026-01-02T03:04:05Z uid:5d0a user:alice events/emitter.go:287\n" * 4, 4, TEXT_LOG),
    "teleport_text_log_18": (
        b"2026-01-02T03:04:05.123Z INFO [AUDIT] emitting audit event event_type:user.login "
        b"fields:map[code:T1000I ei:0 event:user.login user:alice] events/emitter.go:287\n", 1, TEXT_LOG),
    "plain_text": (b"2026-01-02 03:04:05 something has happened\nJan  2 03:04:05 host sshd[1]: hello\n"
                   b"[INFO] [x] {not} json\n<110>1 2026-01-02T03:04:05Z host app - - - text\n", 4, NOT_JSON),
    "csv_of_columns": (b"event,time,user\r\nuser.login,2026-01-02T03:04:05Z,alice\r\nauth,x,bob\r\n", 2,
                       NOT_JSON),
    "cri_parts": (HEAD + b' stdout P {"ei":0,"event":"user.login","uid":"5d0a","user":"al\n' +
                  HEAD + b' stdout F ice"}\n', 2, NOT_JSON),
}

# No events, and nothing wrong.
EMPTY = {
    "events_null": b'{"events": null, "startKey": ""}',
    "events_none": b'{"events": [], "startKey": ""}',
    "hits_none": b'{"took":1,"hits":{"total":{"value":0},"hits":[]}}',
    "blank": b"\n\n \r\n",
}
