//! Record batches as Parquet files, and back: zstd level 1 and row groups of 30,720 rows, as the pipeline writes them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;

use crate::Result;

const ROW_GROUP_ROWS: usize = 30_720;
/// Columns that differ in nearly every row: a dictionary would only cost.
const PLAIN: [&str; 13] = [
    "message_id",
    "trade_id",
    "raw_bytes",
    "raw_record",
    "timestamp",
    "price",
    "quantity",
    "source_sequence",
    "ingestion_timestamp",
    "platform_sequence",
    "offset",
    "kafka_offset",
    "kafka_timestamp",
];

/// A column of a batch; `is_nullable` as the table has it.
pub fn column(name: &str, is_nullable: bool, values: ArrayRef) -> (Field, ArrayRef) {
    (Field::new(name, values.data_type().clone(), is_nullable), values)
}

pub fn batch_of(columns: Vec<(Field, ArrayRef)>) -> Result<RecordBatch> {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// Microseconds since 1970, UTC.
pub fn times(values: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
}

pub fn encode(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for name in PLAIN {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build()))?;
    writer.write(batch)?;
    Ok(writer.into_inner()?)
}

/// The named columns of the files as one batch, from the row groups that `wanted` takes.
pub fn read<'a>(
    paths: impl IntoIterator<Item = &'a Path>,
    columns: &[&str],
    wanted: impl Fn(&RowGroupMetaData) -> bool,
) -> Result<Option<RecordBatch>> {
    let mut batches = Vec::new();
    for path in paths {
        let mut builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.with_batch_size(1 << 20);
        let groups = builder.metadata().row_groups().iter().enumerate();
        let chosen = groups.filter(|(_, group)| wanted(group)).map(|(i, _)| i).collect();
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder = builder.with_projection(mask);
        for batch in builder.with_row_groups(chosen).build()? {
            batches.push(batch?);
        }
    }
    match batches.first() {
        None => Ok(None),
        Some(first) => Ok(Some(concat_batches(&first.schema(), &batches)?)),
    }
}

/// The least and the greatest of a long column in a row group, where its statistics say so.
pub fn range_of(group: &RowGroupMetaData, name: &str) -> Option<(i64, i64)> {
    let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == name)?;
    match chunk.statistics()? {
        Statistics::Int64(found) => Some((*found.min_opt()?, *found.max_opt()?)),
        _ => None,
    }
}
