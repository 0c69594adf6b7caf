"""CycloneDX's own library judges the SBOM: its schema, and that it can be read back."""

import json
import pathlib
import sys

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = pathlib.Path(sys.argv[1]).read_text()
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
if error:
    sys.exit(f"image: the SBOM is not CycloneDX: {error}")
bom = Bom.from_json(json.loads(text))
names = {component.name for component in bom.components}
missing = {"ring", "rustls", "tokio"} - names
foreign = {"fake-azure", "proptest", "syn"} & names
if missing or foreign:
    sys.exit(f"image: the SBOM lacks {missing or 'nothing'} and has {foreign or 'nothing'} that is not linked")
print(f"image: SBOM with {len(bom.components)} crates, as CycloneDX 1.6")
