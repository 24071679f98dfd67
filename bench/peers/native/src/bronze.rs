//! Bronze: an event becomes one file of raw records, and one transaction.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arrow::array::{BinaryBuilder, Date32Array, Int32Array, Int64Array, StringDictionaryBuilder};
use arrow::datatypes::Int32Type;
use serde::Deserialize;

use crate::Result;
use crate::files::{batch_of, column, encode, times};
use crate::lake::Lake;
use crate::watch::{Watch, Worked};

pub const DAY_MICROS: i64 = 86_400_000_000;

#[derive(Deserialize)]
pub struct EventFile {
    pub exchange: String,
    pub path: String,
}

pub struct StoredFile {
    pub exchange: String,
    /// Its place in the order of events.
    pub number: usize,
    pub path: PathBuf,
    pub rows: usize,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    records: BTreeMap<&'a str, Vec<Record<'a>>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    /// Milliseconds since 1970.
    timestamp: i64,
    key: &'a str,
    value: &'a str,
}

/// Stores the events' records. Reading and parsing an event is not measured: the event source hands it over parsed.
pub fn ingest(lake: &Lake, events: Vec<EventFile>, watch: &mut Watch) -> Worked<Vec<StoredFile>> {
    let mut rows = 0;
    let mut stored = Vec::new();
    for (number, EventFile { exchange, path }) in events.into_iter().enumerate() {
        let text = std::fs::read(&path)?;
        let event: Event = serde_json::from_slice(&text)?;
        let file = watch.measure(|| store(lake, exchange, number, &event))?;
        rows += file.rows;
        stored.push(file);
    }
    Ok((rows, stored))
}

fn store(lake: &Lake, exchange: String, number: usize, event: &Event) -> Result<StoredFile> {
    let records: Vec<&Record> = event.records.values().flatten().collect();
    let rows = records.len();
    let now = now_micros();
    let mut keys = StringDictionaryBuilder::<Int32Type>::new();
    let mut topics = StringDictionaryBuilder::<Int32Type>::new();
    let mut values = BinaryBuilder::with_capacity(rows, rows * 256);
    let mut room = Vec::new();
    for record in &records {
        decode(record.key, &mut room)?;
        keys.append(std::str::from_utf8(&room)?)?;
        topics.append(record.topic)?;
        decode(record.value, &mut room)?;
        values.append_value(&room);
    }
    let batch = batch_of(vec![
        column("message_key", true, Arc::new(keys.finish())),
        column("raw_bytes", true, Arc::new(values.finish())),
        column("topic", false, Arc::new(topics.finish())),
        column("partition", false, Arc::new(Int32Array::from_iter_values(records.iter().map(|r| r.partition)))),
        column("offset", false, Arc::new(Int64Array::from_iter_values(records.iter().map(|r| r.offset)))),
        column("kafka_timestamp", false, times(records.iter().map(|r| r.timestamp * 1000).collect())),
        column("ingestion_timestamp", false, times(vec![now; rows])),
        column("ingestion_date", false, Arc::new(Date32Array::from_value((now / DAY_MICROS) as i32, rows))),
        column("topic_epoch", false, Arc::new(Int32Array::from_value(0, rows))),
    ])?;
    let path = lake.put(&format!("bronze_{exchange}_trades"), &encode(&batch)?)?;
    let last: BTreeMap<i32, i64> = records.iter().map(|r| (r.partition, r.offset)).collect();
    lake.commit(&format!("{} pending; stored to {last:?}", path.display()))?;
    Ok(StoredFile { exchange, number, path, rows })
}

fn decode(base64: &str, into: &mut Vec<u8>) -> Result<()> {
    into.clear();
    base64_simd::STANDARD.decode_append(base64, into)?;
    Ok(())
}

pub fn now_micros() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_micros() as i64
}
