"""The ``stitched`` table: records that were joined in one flow, as they were."""

from dataclasses import replace

from flowsleuth.schema.columns import NEVER, Column, Table
from flowsleuth.schema.flow import FLOW

STITCHED = Table(
    name="stitched",
    meaning="one row per flow record that was joined with another, as it was before",
    id_column="record_flow_id",
    columns=(
        replace(FLOW["flow_id"], name="record_flow_id"),
        Column("into_flow_id", "int64", "the flow that it is part of now", null=NEVER),
        Column("reason", "string", "other direction, or seen twice", null=NEVER),
        *(column for column in FLOW.columns if column.name != "flow_id"),
    ),
)
