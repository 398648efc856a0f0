"""Lists in many shapes: each value is read once, as what it is and with its line, and nothing else is."""
import json

from list_shapes import SHAPES
from stele_tool import expect, main

FORMS = {"lines": ("lines", "hosts file", "Adblock", "dnsmasq", "resolver", "response policy"), "table": ("table",),
         "json": ("JSON",), "xml": ("XML",), "yaml": ("YAML",)}


def archive(place):
    place.stele("init", "a")
    event = {"event": "x", "uid": "1", "time": "2026-10-01T00:00:00Z"}
    place.stele("import", "--archive", "a", "-", stdin=json.dumps(event).encode())


def check(place, shape):
    """What is wrong, a line each."""
    name = f"{shape['name']}.list"
    place.write(name, shape["text"])
    result = place.stele("hunt", "--archive", "a", "--output", "json", "--unseen", *shape["options"], name)
    if result.code != shape["code"]:
        return [f"{shape['name']}: exit code {result.code}: {result.text()[:400]}"]
    report = json.loads(result.out)
    rows = [f"{row['line']} {row['kind']}:{row['indicator']}" for row in report["indicators"]]
    read = report["lists"][0]
    faults = [f"lost {value}" for value in shape["values"] if value not in rows]
    faults += [f"invented {row}" for row in rows if row not in shape["values"]]
    if shape["refused"] is not None and read["refused"] != shape["refused"]:
        faults.append(f"{read['refused']} refused: {read['reasons']}")
    if not read["shape"].startswith(FORMS[shape["form"]]):
        faults.append(f"read as {read['shape']}")
    missed = shape["not_taken"] - {column["name"] for column in read["columns"] if column["taken"] == 0}
    faults += [f"{name} is not said to be left out: {read['columns']}" for name in missed]
    return [f"{shape['name']}: {fault}" for fault in faults]


def every_shape(place):
    archive(place)
    faults = [fault for shape in SHAPES for fault in check(place, shape)]
    expect(not faults, "\n".join(faults))
    expect(len(SHAPES) >= 60, len(SHAPES))
    print(f"{len(SHAPES)} shapes")


main(every_shape)
