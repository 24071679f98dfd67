//! Gold: trades of Silver files without repeats of each other and of what Gold holds, a file sorted by time for each hour.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, Date32Array, Int32Array, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};

use crate::Result;
use crate::avro::uuid;
use crate::bronze::DAY_MICROS;
use crate::files::{batch_of, column, encode, range_of, read};
use crate::lake::Lake;
use crate::silver::Refined;
use crate::watch::Worked;

const ITEMS_PER_COMMIT: usize = 90;
const ROWS_PER_COMMIT: usize = 368_640;
pub const HOUR_MICROS: i64 = 3_600_000_000;
/// Two rows with one id are one trade when their times are at most this far apart.
const SAME_TRADE_MICROS: i64 = 1_000_000;
/// A trade's columns, in Gold's order.
const TRADE: [&str; 15] = [
    "message_id",
    "trade_id",
    "symbol",
    "exchange",
    "asset_class",
    "timestamp",
    "price",
    "quantity",
    "currency",
    "side",
    "trade_conditions",
    "source_sequence",
    "ingestion_timestamp",
    "platform_sequence",
    "vendor_data",
];
const LINEAGE: [&str; 3] = ["topic_epoch", "kafka_partition", "kafka_offset"];

/// Ids are random numbers: half of one is a hash.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("ids are numbers of 128 bits")
    }
    fn write_u128(&mut self, id: u128) {
        self.0 = id as u64 ^ (id >> 64) as u64;
    }
}

/// By id, the times of its trades: the first one's, and nearly always no other.
type Times = HashMap<u128, (i64, Vec<i64>), BuildHasherDefault<IdHasher>>;

pub fn unify(lake: &Lake, pending: &[Refined]) -> Worked<Vec<PathBuf>> {
    let mut stored: BTreeMap<i64, Vec<PathBuf>> = BTreeMap::new();
    let mut rest = pending;
    while !rest.is_empty() {
        let mut rows = 0;
        let fitting = rest.iter().take(ITEMS_PER_COMMIT).take_while(|item| {
            rows += item.rows;
            rows <= ROWS_PER_COMMIT
        });
        let (some, later) = rest.split_at(fitting.count().max(1));
        rest = later;
        let made = write_trades(lake, some.iter().flat_map(|item| item.paths.iter().map(PathBuf::as_path)), &stored)?;
        lake.commit(&format!("{} items done; added {made:?}", some.len()))?;
        for (hour, path) in made {
            stored.entry(hour).or_default().push(path);
        }
    }
    Ok((pending.iter().map(|item| item.rows).sum(), stored.into_values().flatten().collect()))
}

/// The files made, with their hours since 1970.
fn write_trades<'a>(
    lake: &Lake,
    silver: impl Iterator<Item = &'a Path>,
    stored: &BTreeMap<i64, Vec<PathBuf>>,
) -> Result<Vec<(i64, PathBuf)>> {
    let Some(batch) = read(silver, &[&TRADE[..], &LINEAGE].concat(), |_| true)? else { return Ok(Vec::new()) };
    let times = batch["timestamp"].as_primitive::<TimestampMicrosecondType>().values().clone();
    let ids = batch["message_id"].as_string::<i32>();
    let mut seen = stored_times(stored, times.iter().min().copied(), times.iter().max().copied())?;
    seen.reserve(batch.num_rows());
    let mut order = sorted(&batch, &times);
    order.retain(|&row| {
        let row = row as usize;
        uuid(ids.value(row)).is_none_or(|id| is_new(&mut seen, id, times[row]))
    });
    let mut made = Vec::new();
    for rows in order.chunk_by(|&a, &b| times[a as usize] / HOUR_MICROS == times[b as usize] / HOUR_MICROS) {
        let hour = times[rows[0] as usize] / HOUR_MICROS;
        let taken = take_record_batch(&batch, &UInt32Array::from(rows.to_vec()))?;
        made.push((hour, lake.put("gold_crypto_trades", &encode(&with_hour(&taken, hour)?)?)?));
    }
    Ok(made)
}

/// Remembers the trade, unless it is known.
fn is_new(seen: &mut Times, id: u128, time: i64) -> bool {
    let is_same = |known: i64| (known - time).abs() <= SAME_TRADE_MICROS;
    match seen.entry(id) {
        Entry::Vacant(entry) => {
            entry.insert((time, Vec::new()));
            true
        }
        Entry::Occupied(mut entry) => {
            let (first, others) = entry.get_mut();
            let known = is_same(*first) || others.iter().any(|&other| is_same(other));
            if !known {
                others.push(time);
            }
            !known
        }
    }
}

/// Ids and times of Gold's rows in the row groups that the new trades' times reach.
fn stored_times(stored: &BTreeMap<i64, Vec<PathBuf>>, from: Option<i64>, to: Option<i64>) -> Result<Times> {
    let mut seen = Times::default();
    let (Some(from), Some(to)) = (from, to) else { return Ok(seen) };
    let (from, to) = (from - SAME_TRADE_MICROS, to + SAME_TRADE_MICROS);
    let paths = stored.range(from / HOUR_MICROS..=to / HOUR_MICROS).flat_map(|(_, paths)| paths);
    let reached = |low: i64, high: i64| low <= to && high >= from;
    let found = read(paths.map(PathBuf::as_path), &["message_id", "timestamp"], |group| {
        range_of(group, "timestamp").is_none_or(|(low, high)| reached(low, high))
    })?;
    if let Some(gold) = found {
        let times = gold["timestamp"].as_primitive::<TimestampMicrosecondType>();
        for (id, time) in gold["message_id"].as_string::<i32>().iter().zip(times.values()) {
            if let Some(id) = id.and_then(uuid) {
                is_new(&mut seen, id, *time);
            }
        }
    }
    Ok(seen)
}

/// Row numbers by time, trade id, and where a row came from: of repeats the row with the lowest lineage comes first.
fn sorted(batch: &RecordBatch, times: &[i64]) -> Vec<u32> {
    let trade_ids = batch["trade_id"].as_string::<i32>();
    let ints = |name: &str| batch[name].as_primitive::<Int32Type>();
    let (epochs, partitions) = (ints("topic_epoch"), ints("kafka_partition"));
    let offsets = batch["kafka_offset"].as_primitive::<Int64Type>();
    let mut order: Vec<(i64, u32)> = times.iter().copied().zip(0..).collect();
    let details = |row: u32| {
        let row = row as usize;
        (trade_ids.value(row), epochs.value(row), partitions.value(row), offsets.value(row))
    };
    order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| details(a.1).cmp(&details(b.1))));
    order.into_iter().map(|(_, row)| row).collect()
}

/// Gold's columns: those of a trade, and its date and hour.
fn with_hour(silver: &RecordBatch, hour: i64) -> Result<RecordBatch> {
    let rows = silver.num_rows();
    let schema = silver.schema();
    let mut columns = Vec::new();
    for name in TRADE {
        columns.push((schema.field_with_name(name)?.clone(), silver[name].clone()));
    }
    let day = (hour * HOUR_MICROS / DAY_MICROS) as i32;
    columns.push(column("exchange_date", false, Arc::new(Date32Array::from_value(day, rows))));
    columns.push(column("exchange_hour", false, Arc::new(Int32Array::from_value((hour % 24) as i32, rows))));
    batch_of(columns)
}
