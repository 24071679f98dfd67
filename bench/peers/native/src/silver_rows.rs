//! Collects valid trades of one date as the columns of a Silver file.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Int32Array, Int64Array, ListBuilder, MapBuilder, MapFieldNames,
    RecordBatch, StringBuilder, StringDictionaryBuilder,
};
use arrow::datatypes::Int32Type;

use crate::Result;
use crate::avro::Trade;
use crate::files::{batch_of, column, times};

/// Where a trade's record came from.
#[derive(Clone, Copy)]
pub struct Lineage {
    pub epoch: i32,
    pub partition: i32,
    pub offset: i64,
    /// Microseconds since 1970.
    pub bronze_ingestion: i64,
}

type Texts = StringDictionaryBuilder<Int32Type>;

pub struct SilverRows {
    message_id: StringBuilder,
    trade_id: StringBuilder,
    symbol: Texts,
    exchange: Texts,
    asset_class: Texts,
    timestamp: Vec<i64>,
    price: Vec<i128>,
    quantity: Vec<i128>,
    currency: Texts,
    side: Texts,
    conditions: ListBuilder<StringBuilder>,
    source_sequence: Vec<Option<i64>>,
    ingestion: Vec<i64>,
    platform_sequence: Vec<Option<i64>>,
    vendor_data: MapBuilder<StringBuilder, StringBuilder>,
    lineage: Vec<Lineage>,
}

impl Default for SilverRows {
    fn default() -> SilverRows {
        let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
        SilverRows {
            message_id: StringBuilder::new(),
            trade_id: StringBuilder::new(),
            symbol: Texts::new(),
            exchange: Texts::new(),
            asset_class: Texts::new(),
            timestamp: Vec::new(),
            price: Vec::new(),
            quantity: Vec::new(),
            currency: Texts::new(),
            side: Texts::new(),
            conditions: ListBuilder::new(StringBuilder::new()),
            source_sequence: Vec::new(),
            ingestion: Vec::new(),
            platform_sequence: Vec::new(),
            vendor_data: MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new()),
            lineage: Vec::new(),
        }
    }
}

impl SilverRows {
    pub fn add(&mut self, trade: &Trade, lineage: Lineage) -> Result<()> {
        // A UUID's canonical form is in lower case: the bit that tells is set in digits and hyphens already.
        let lower: [u8; 36] = std::array::from_fn(|i| trade.message_id.as_bytes()[i] | 0x20);
        self.message_id.append_value(std::str::from_utf8(&lower)?);
        self.trade_id.append_value(trade.trade_id);
        self.symbol.append(trade.symbol)?;
        self.exchange.append(trade.exchange)?;
        self.asset_class.append(trade.asset_class)?;
        self.timestamp.push(trade.timestamp);
        // Tables have two digits of a price more than messages.
        self.price.push(trade.price * 100);
        self.quantity.push(trade.quantity);
        self.currency.append(trade.currency)?;
        self.side.append(trade.side)?;
        self.conditions.append_value(trade.conditions.iter().map(Some));
        self.source_sequence.push(trade.source_sequence);
        self.ingestion.push(trade.ingestion_timestamp);
        self.platform_sequence.push(trade.platform_sequence);
        for (key, value) in trade.vendor_data.iter().flatten() {
            self.vendor_data.keys().append_value(key);
            self.vendor_data.values().append_value(value);
        }
        self.vendor_data.append(trade.vendor_data.is_some())?;
        self.lineage.push(lineage);
        Ok(())
    }

    /// `day`: days since 1970; `now`: when the rows were validated, microseconds since 1970.
    pub fn finish(mut self, day: i32, now: i64) -> Result<RecordBatch> {
        let rows = self.lineage.len();
        let lineage = &self.lineage;
        let ints =
            |of: fn(&Lineage) -> i32| -> ArrayRef { Arc::new(Int32Array::from_iter_values(lineage.iter().map(of))) };
        let longs = |of: fn(&Lineage) -> i64| -> Vec<i64> { lineage.iter().map(of).collect() };
        batch_of(vec![
            column("message_id", false, Arc::new(self.message_id.finish())),
            column("trade_id", false, Arc::new(self.trade_id.finish())),
            column("symbol", false, Arc::new(self.symbol.finish())),
            column("exchange", false, Arc::new(self.exchange.finish())),
            column("asset_class", false, Arc::new(self.asset_class.finish())),
            column("timestamp", false, times(self.timestamp)),
            column("price", false, decimals(self.price, 10)?),
            column("quantity", false, decimals(self.quantity, 8)?),
            column("currency", false, Arc::new(self.currency.finish())),
            column("side", false, Arc::new(self.side.finish())),
            column("trade_conditions", false, Arc::new(self.conditions.finish())),
            column("source_sequence", true, Arc::new(Int64Array::from(self.source_sequence))),
            column("ingestion_timestamp", false, times(self.ingestion)),
            column("platform_sequence", true, Arc::new(Int64Array::from(self.platform_sequence))),
            column("vendor_data", true, Arc::new(self.vendor_data.finish())),
            column("exchange_date", false, Arc::new(Date32Array::from_value(day, rows))),
            column("validation_timestamp", false, times(vec![now; rows])),
            column("bronze_ingestion_timestamp", false, times(longs(|l| l.bronze_ingestion))),
            column("schema_id", false, Arc::new(Int32Array::from_value(1, rows))),
            column("topic_epoch", false, ints(|l| l.epoch)),
            column("kafka_partition", false, ints(|l| l.partition)),
            column("kafka_offset", false, Arc::new(Int64Array::from(longs(|l| l.offset)))),
        ])
    }
}

/// Decimals of 18 digits, which Parquet stores as longs. A value that is wider is an error: this program has no wide columns.
fn decimals(values: Vec<i128>, scale: i8) -> Result<ArrayRef> {
    let array = Decimal128Array::from(values).with_precision_and_scale(18, scale)?;
    array.validate_decimal_precision(18)?;
    Ok(Arc::new(array))
}
