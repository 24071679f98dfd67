//! Silver: Bronze files become one file of valid trades for each date and one of dead letters, in one transaction.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{AsArray, BinaryBuilder, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};

use crate::Result;
use crate::avro::{check, decode};
use crate::bronze::{DAY_MICROS, StoredFile, now_micros};
use crate::files::{batch_of, column, encode, read, times};
use crate::lake::Lake;
use crate::silver_rows::{Lineage, SilverRows};
use crate::watch::Worked;

/// What one transaction takes.
const OBJECTS_PER_COMMIT: usize = 25;
const RECORDS_PER_COMMIT: usize = 120_000;
const COLUMNS: [&str; 6] =
    ["raw_bytes", "partition", "offset", "kafka_timestamp", "ingestion_timestamp", "topic_epoch"];

/// The files of one transaction, which Gold takes together.
pub struct Refined {
    pub paths: Vec<PathBuf>,
    pub rows: usize,
}

struct DeadLetter {
    message: Vec<u8>,
    reason: String,
    kind: &'static str,
    lineage: Lineage,
}

pub fn refine(lake: &Lake, files: &[StoredFile]) -> Worked<Vec<Refined>> {
    let mut rows = 0;
    let mut refined = Vec::new();
    for of_exchange in files.chunk_by(|a, b| a.exchange == b.exchange) {
        for event in of_exchange.chunks(OBJECTS_PER_COMMIT) {
            for some in bounded(event) {
                rows += some.iter().map(|file| file.rows).sum::<usize>();
                refined.push(refine_together(lake, some)?);
            }
        }
    }
    Ok((rows, refined))
}

/// As many files in each part as the bound on records allows, at least one.
fn bounded(files: &[StoredFile]) -> Vec<&[StoredFile]> {
    let mut parts = Vec::new();
    let (mut from, mut records) = (0, 0);
    for (i, file) in files.iter().enumerate() {
        records += file.rows;
        if i > from && records > RECORDS_PER_COMMIT {
            parts.push(&files[from..i]);
            (from, records) = (i, file.rows);
        }
    }
    parts.push(&files[from..]);
    parts
}

fn refine_together(lake: &Lake, files: &[StoredFile]) -> Result<Refined> {
    let now = now_micros();
    let exchange = &files[0].exchange;
    let code = exchange.to_uppercase();
    let mut days: BTreeMap<i64, SilverRows> = BTreeMap::new();
    let mut dead = Vec::new();
    for file in files {
        let bronze = read([file.path.as_path()], &COLUMNS, |_| true)?.ok_or("a Bronze file has no rows")?;
        let long = |name: &str| bronze[name].as_primitive::<TimestampMicrosecondType>();
        let (kafka, ingestion) = (long("kafka_timestamp"), long("ingestion_timestamp"));
        let (partitions, epochs) =
            (bronze["partition"].as_primitive::<Int32Type>(), bronze["topic_epoch"].as_primitive::<Int32Type>());
        let offsets = bronze["offset"].as_primitive::<Int64Type>();
        for (row, message) in bronze["raw_bytes"].as_binary::<i32>().iter().enumerate() {
            let message = message.unwrap_or_default();
            let lineage = Lineage {
                epoch: epochs.value(row),
                partition: partitions.value(row),
                offset: offsets.value(row),
                bronze_ingestion: ingestion.value(row),
            };
            let rejection = match decode(message) {
                Err(reason) => Some(("deserialization_failed_or_null_fields", reason)),
                Ok(trade) => match check(&trade, &code, kafka.value(row)) {
                    None => {
                        days.entry(trade.timestamp / DAY_MICROS).or_default().add(&trade, lineage)?;
                        continue;
                    }
                    rejection => rejection,
                },
            };
            if let Some((kind, reason)) = rejection {
                dead.push(DeadLetter { message: message.to_vec(), reason, kind, lineage });
            }
        }
    }
    let mut refined = Refined { paths: Vec::new(), rows: 0 };
    for (day, rows) in days {
        let batch = rows.finish(day as i32, now)?;
        refined.rows += batch.num_rows();
        refined.paths.push(lake.put(&format!("silver_{exchange}_trades"), &encode(&batch)?)?);
    }
    if !dead.is_empty() {
        lake.put("silver_dlq_trades", &encode(&dead_letters(&dead, exchange, now)?)?)?;
    }
    lake.commit(&format!("{} files done; pending {:?}", files.len(), refined.paths))?;
    Ok(refined)
}

fn dead_letters(dead: &[DeadLetter], exchange: &str, now: i64) -> Result<RecordBatch> {
    let rows = dead.len();
    let mut messages = BinaryBuilder::new();
    for letter in dead {
        messages.append_value(&letter.message);
    }
    let same = |text: String| Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, rows)));
    let ints = |of: fn(&Lineage) -> i32| Arc::new(Int32Array::from_iter_values(dead.iter().map(|d| of(&d.lineage))));
    batch_of(vec![
        column("raw_record", true, Arc::new(messages.finish())),
        column("error_reason", false, Arc::new(StringArray::from_iter_values(dead.iter().map(|d| &d.reason)))),
        column("error_type", false, Arc::new(StringArray::from_iter_values(dead.iter().map(|d| d.kind)))),
        column("error_timestamp", false, times(vec![now; rows])),
        column("bronze_source", false, same(format!("bronze_{exchange}_trades"))),
        column("kafka_offset", false, Arc::new(Int64Array::from_iter_values(dead.iter().map(|d| d.lineage.offset)))),
        column("schema_id", true, Arc::new(Int32Array::from_value(1, rows))),
        column("dlq_date", false, Arc::new(Date32Array::from_value((now / DAY_MICROS) as i32, rows))),
        column("exchange", false, same(exchange.to_uppercase())),
        column("topic_epoch", false, ints(|lineage| lineage.epoch)),
        column("kafka_partition", false, ints(|lineage| lineage.partition)),
    ])
}
