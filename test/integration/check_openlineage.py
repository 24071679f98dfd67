"""Events as OpenLineage's own client has them: each line of a file becomes the client's classes, which refuse fields that their schema
does not know, lack of those that it requires, and ids, times and URIs that are none; and must come out as it went in.
Prints how many events there were and which facets, as JSON. Exit status 1 and the reason where one is not as it should be."""

import json
import sys
from collections import Counter

from openlineage.client import event_v2 as event
from openlineage.client import facet_v2 as facet
from openlineage.client.generated.base import OutputDatasetFacet
from openlineage.client.serde import Serde

# By the keys that the specification gives them.
DATASET_FACETS = {
    "schema": facet.schema_dataset.SchemaDatasetFacet,
    "version": facet.dataset_version_dataset.DatasetVersionDatasetFacet,
    "dataSource": facet.datasource_dataset.DatasourceDatasetFacet,
    "storage": facet.storage_dataset.StorageDatasetFacet,
    "symlinks": facet.symlinks_dataset.SymlinksDatasetFacet,
    "lifecycleStateChange": facet.lifecycle_state_change_dataset.LifecycleStateChangeDatasetFacet,
    "columnLineage": facet.column_lineage_dataset.ColumnLineageDatasetFacet,
}
OUTPUT_FACETS = {"outputStatistics": facet.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet}
# Of the registry of facets: the client has no class for it, so what any output facet must have is checked.
REGISTERED = {"iceberg_commit_report": "IcebergCommitReportOutputDatasetFacet"}

seen: Counter[str] = Counter()


def nested(kind, values):
    """The values of a facet as the classes that its fields have."""
    if kind is facet.schema_dataset.SchemaDatasetFacet:
        return {"fields": [schema_field(each) for each in values["fields"]]}
    if kind is facet.symlinks_dataset.SymlinksDatasetFacet:
        return {"identifiers": [facet.symlinks_dataset.Identifier(**each) for each in values["identifiers"]]}
    if kind is facet.lifecycle_state_change_dataset.LifecycleStateChangeDatasetFacet:
        change = facet.lifecycle_state_change_dataset.LifecycleStateChange(values["lifecycleStateChange"])
        return {**values, "lifecycleStateChange": change}
    if kind is facet.column_lineage_dataset.ColumnLineageDatasetFacet:
        return {"fields": {name: column(each) for name, each in values["fields"].items()}}
    return values


def schema_field(values):
    inner = [schema_field(each) for each in values.get("fields", [])]
    return facet.schema_dataset.SchemaDatasetFacetFields(**{**values, "fields": inner})


def column(values):
    lineage = facet.column_lineage_dataset
    fields = [
        lineage.InputField(**{**each, "transformations": [lineage.Transformation(**how) for how in each["transformations"]]})
        for each in values["inputFields"]
    ]
    return lineage.Fields(**{**values, "inputFields": fields})


def facet_of(name, stored, kinds):
    seen[name] += 1
    values = dict(stored)
    producer, schema = values.pop("_producer"), values.pop("_schemaURL")
    if name in REGISTERED:
        kind = REGISTERED[name]
        assert schema == f"https://openlineage.io/spec/facets/1-0-0/{kind}.json#/$defs/{kind}", schema
        assert values["operation"] in ("append", "replace", "overwrite", "delete"), values
        assert all(type(each) is int for each in values["commitMetrics"].values()), values
        made = OutputDatasetFacet(producer=producer).with_additional_properties(**values)
        made._schemaURL = schema
        return made
    made = kinds[name](**nested(kinds[name], values), producer=producer)
    assert made._schemaURL == schema, f"{name} names {schema}, the client {made._schemaURL}"
    return made


def facets_of(values, kinds):
    return {name: facet_of(name, each, kinds) for name, each in values.items()}


def output_of(values):
    facets = facets_of(values.get("facets", {}), DATASET_FACETS)
    outputs = facets_of(values.get("outputFacets", {}), OUTPUT_FACETS)
    return event.OutputDataset(**{**values, "facets": facets, "outputFacets": outputs})


def input_of(values):
    return event.InputDataset(**{**values, "facets": facets_of(values.get("facets", {}), DATASET_FACETS)})


def without_empty(value):
    """JSON without what the client adds to say that there is nothing."""
    if isinstance(value, dict):
        return {name: each for name, each in ((n, without_empty(v)) for n, v in value.items()) if each not in ({}, [])}
    return [without_empty(each) for each in value] if isinstance(value, list) else value


def check(stored):
    values = dict(stored)
    schema = values.pop("schemaURL")
    values["eventType"] = event.RunState(values["eventType"])
    values["run"] = event.Run(**values["run"])
    values["job"] = event.Job(**values["job"])
    values["inputs"] = [input_of(each) for each in values["inputs"]]
    values["outputs"] = [output_of(each) for each in values["outputs"]]
    made = event.RunEvent(**values)
    assert made.schemaURL == schema, f"the event names {schema}, the client {made.schemaURL}"
    again = json.loads(Serde.to_json(made))
    assert without_empty(again) == without_empty(stored), f"{stored} came out as {again}"


def main(path):
    with open(path, encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    for number, stored in enumerate(events, 1):
        try:
            check(stored)
        except Exception as error:
            print(f"{path}, line {number}: {type(error).__name__}: {error}", file=sys.stderr)
            return 1
    print(json.dumps({"events": len(events), "facets": dict(seen)}))
    return 0


sys.exit(main(sys.argv[1]))
