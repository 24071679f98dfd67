//! Candles: Gold's trades folded into minutes, and each longer window from the one below; six files, one transaction.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Decimal128Type, Int32Type, TimestampMicrosecondType};

use crate::Result;
use crate::bronze::{DAY_MICROS, now_micros};
use crate::files::{batch_of, column, encode, read, times};
use crate::gold::HOUR_MICROS;
use crate::lake::Lake;
use crate::watch::Worked;

const MINUTE_MICROS: i64 = 60_000_000;
const TIMEFRAMES: [(&str, i64); 6] = [
    ("1m", MINUTE_MICROS),
    ("5m", 5 * MINUTE_MICROS),
    ("15m", 15 * MINUTE_MICROS),
    ("30m", 30 * MINUTE_MICROS),
    ("1h", HOUR_MICROS),
    ("1d", DAY_MICROS),
];
const COLUMNS: [&str; 7] = ["symbol", "exchange", "timestamp", "trade_id", "price", "quantity", "side"];

/// A window's first or last trade: its time and the number in its id.
type Edge = (i64, u64);

#[derive(Clone)]
struct Candle {
    exchange: String,
    symbol: String,
    /// Microseconds since 1970.
    start: i64,
    first: Edge,
    last: Edge,
    /// Prices in units of 10^-10, volumes of 10^-8, quote volumes of 10^-18.
    open: i128,
    high: i128,
    low: i128,
    close: i128,
    volume: i128,
    quote: i128,
    buy_volume: i128,
    buy_quote: i128,
    trades: i64,
}

pub fn fold(lake: &Lake, gold: &[PathBuf]) -> Worked<()> {
    let now = now_micros();
    let Some(trades) = read(gold.iter().map(PathBuf::as_path), &COLUMNS, |_| true)? else { return Ok((0, ())) };
    let mut candles = minutes(&trades);
    let mut made = 0;
    for (name, length) in TIMEFRAMES {
        candles = joined(candles, length);
        made += candles.len();
        lake.put(&format!("gold_ohlcv_{name}"), &encode(&batch(&candles, length, now)?)?)?;
    }
    lake.commit("candles folded")?;
    Ok((made, ()))
}

fn minutes(trades: &RecordBatch) -> Vec<Candle> {
    let texts = |name: &str| {
        let column = trades[name].as_dictionary::<Int32Type>();
        (column.keys().values().clone(), column.values().as_string::<i32>().clone())
    };
    let decimals = |name: &str| trades[name].as_primitive::<Decimal128Type>().values().clone();
    let (symbols, symbol_texts) = texts("symbol");
    let (exchanges, exchange_texts) = texts("exchange");
    let (sides, side_texts) = texts("side");
    let (prices, quantities) = (decimals("price"), decimals("quantity"));
    let times = trades["timestamp"].as_primitive::<TimestampMicrosecondType>().values();
    let ids = trades["trade_id"].as_string::<i32>();
    // One text may have several keys, as files have dictionaries of their own: `joined` makes one candle of theirs.
    let mut found: HashMap<(i32, i32, i64), Candle> = HashMap::new();
    for row in 0..trades.num_rows() {
        let (time, price, quantity) = (times[row], prices[row], quantities[row]);
        let start = time - time % MINUTE_MICROS;
        let edge = (time, number_of(ids.value(row)));
        let candle = found.entry((exchanges[row], symbols[row], start)).or_insert_with(|| Candle {
            exchange: exchange_texts.value(exchanges[row] as usize).into(),
            symbol: symbol_texts.value(symbols[row] as usize).into(),
            start,
            first: edge,
            last: edge,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 0,
            quote: 0,
            buy_volume: 0,
            buy_quote: 0,
            trades: 0,
        });
        if edge < candle.first {
            (candle.first, candle.open) = (edge, price);
        }
        if edge > candle.last {
            (candle.last, candle.close) = (edge, price);
        }
        candle.high = candle.high.max(price);
        candle.low = candle.low.min(price);
        candle.volume += quantity;
        candle.quote += price * quantity;
        if side_texts.value(sides[row] as usize) == "BUY" {
            candle.buy_volume += quantity;
            candle.buy_quote += price * quantity;
        }
        candle.trades += 1;
    }
    found.into_values().collect()
}

/// The number at the end of a trade id: 123456 of BINANCE-123456; 0 where there is none.
fn number_of(trade_id: &str) -> u64 {
    trade_id.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Candles of longer windows, sorted by window, exchange and symbol.
fn joined(mut candles: Vec<Candle>, length: i64) -> Vec<Candle> {
    for candle in &mut candles {
        candle.start -= candle.start % length;
    }
    candles
        .sort_by(|a, b| (a.start, &a.exchange, &a.symbol, &a.first).cmp(&(b.start, &b.exchange, &b.symbol, &b.first)));
    let of_window = candles.chunk_by(|a, b| (a.start, &a.exchange, &a.symbol) == (b.start, &b.exchange, &b.symbol));
    of_window.map(|parts| parts[1..].iter().fold(parts[0].clone(), with)).collect()
}

/// The candle of both: the second one's first trade came later.
fn with(candle: Candle, next: &Candle) -> Candle {
    let (last, close) = (candle.last, candle.close).max((next.last, next.close));
    Candle {
        last,
        close,
        high: candle.high.max(next.high),
        low: candle.low.min(next.low),
        volume: candle.volume + next.volume,
        quote: candle.quote + next.quote,
        buy_volume: candle.buy_volume + next.buy_volume,
        buy_quote: candle.buy_quote + next.buy_quote,
        trades: candle.trades + next.trades,
        ..candle
    }
}

/// Rounded half to even.
fn vwap(candle: &Candle) -> i128 {
    let (whole, rest) = (candle.quote / candle.volume, candle.quote % candle.volume);
    let is_up = rest * 2 > candle.volume || (rest * 2 == candle.volume && whole % 2 == 1);
    whole + i128::from(is_up)
}

fn batch(candles: &[Candle], length: i64, now: i64) -> Result<RecordBatch> {
    let texts =
        |of: fn(&Candle) -> &String| -> ArrayRef { Arc::new(StringArray::from_iter_values(candles.iter().map(of))) };
    let decimals = |digits: u8, scale: i8, of: fn(&Candle) -> i128| -> Result<ArrayRef> {
        let values = Decimal128Array::from_iter_values(candles.iter().map(of));
        Ok(Arc::new(values.with_precision_and_scale(digits, scale)?))
    };
    let when = |of: &dyn Fn(&Candle) -> i64| times(candles.iter().map(of).collect());
    batch_of(vec![
        column("symbol", false, texts(|c| &c.symbol)),
        column("exchange", false, texts(|c| &c.exchange)),
        column("window_start", false, when(&|c| c.start)),
        column("window_end", false, when(&|c| c.start + length)),
        column(
            "window_date",
            false,
            Arc::new(Date32Array::from_iter_values(candles.iter().map(|c| (c.start / DAY_MICROS) as i32))),
        ),
        column("open_price", false, decimals(18, 10, |c| c.open)?),
        column("high_price", false, decimals(18, 10, |c| c.high)?),
        column("low_price", false, decimals(18, 10, |c| c.low)?),
        column("close_price", false, decimals(18, 10, |c| c.close)?),
        column("volume", false, decimals(38, 8, |c| c.volume)?),
        column("vwap", false, decimals(18, 10, vwap)?),
        column("trade_count", false, Arc::new(Int64Array::from_iter_values(candles.iter().map(|c| c.trades)))),
        column("created_at", false, when(&|_| now)),
        column("updated_at", false, when(&|_| now)),
        column("quote_volume", false, decimals(38, 18, |c| c.quote)?),
        column("taker_buy_volume", false, decimals(38, 8, |c| c.buy_volume)?),
        column("taker_buy_quote_volume", false, decimals(38, 18, |c| c.buy_quote)?),
        column("first_trade_time", false, when(&|c| c.first.0)),
        column("last_trade_time", false, when(&|c| c.last.0)),
    ])
}
