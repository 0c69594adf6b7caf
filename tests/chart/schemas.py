#!/usr/bin/env python3
"""Schemas for kubeconform, strict: a field that a kind has not is an error.

    tests/chart/schemas.py FOLDER SWAGGER CRD...

SWAGGER is api/openapi-spec/swagger.json of Kubernetes, a CRD is a CustomResourceDefinition in JSON.
"""

import json
import pathlib
import sys

LEFT_OUT = {"description", "default", "format", "x-kubernetes-preserve-unknown-fields"}
QUANTITY = {"type": ["string", "number"]}


def closed(node):
    """The same schema without words, with no other fields than it names, and with references into the one file."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("format") == "int-or-string" or node.get("x-kubernetes-int-or-string"):
        return {"type": ["string", "integer"]}
    if "$ref" in node:
        return {"$ref": node["$ref"].replace("#/", "_definitions.json#/")}
    made = {key: closed(value) for key, value in node.items() if key not in LEFT_OUT and not key.startswith("x-")}
    # A field may have the name of a keyword.
    if isinstance(node.get("properties"), dict):
        made["properties"] = {key: closed(value) for key, value in node["properties"].items()}
        made.setdefault("additionalProperties", False)
    return made


def write(folder: pathlib.Path, schema: dict, group: str, version: str, kind: str) -> None:
    schema["properties"] |= {
        "apiVersion": {"const": f"{group}/{version}" if group else version},
        "kind": {"const": kind},
    }
    schema["required"] = sorted({"apiVersion", "kind", *schema.get("required", [])})
    # As kubeconform asks for it: {{ .ResourceKind }}{{ .KindSuffix }}.
    parts = [kind.lower(), *([group.split(".")[0]] if group else []), version]
    (folder / ("-".join(parts) + ".json")).write_text(json.dumps(schema))


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    definitions = json.loads(pathlib.Path(sys.argv[2]).read_text())["definitions"]
    all_closed = {name: closed(node) for name, node in definitions.items()}
    all_closed["io.k8s.apimachinery.pkg.api.resource.Quantity"] = QUANTITY
    (folder / "_definitions.json").write_text(json.dumps({"definitions": all_closed}))
    for name, node in definitions.items():
        kinds = node.get("x-kubernetes-group-version-kind", [])
        # Lists and options belong to every group; no file of ours has them.
        if len(kinds) == 1 and "apiVersion" in node.get("properties", {}):
            write(folder, closed(node), kinds[0]["group"], kinds[0]["version"], kinds[0]["kind"])
    for path in sys.argv[3:]:
        spec = json.loads(pathlib.Path(path).read_text())["spec"]
        for version in spec["versions"]:
            schema = closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"$ref": "_definitions.json#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
            write(folder, schema, spec["group"], version["name"], spec["names"]["kind"])


main()
