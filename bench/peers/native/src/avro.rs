//! A trade's message: Confluent's frame, then TradeV2 in Avro's binary encoding; and the rules that a valid trade keeps.

/// What a message says; texts lie in the message itself.
pub struct Trade<'a> {
    pub message_id: &'a str,
    pub trade_id: &'a str,
    pub symbol: &'a str,
    pub exchange: &'a str,
    pub asset_class: &'static str,
    /// Microseconds since 1970.
    pub timestamp: i64,
    /// Units of 10^-8.
    pub price: i128,
    pub quantity: i128,
    pub currency: &'a str,
    pub side: &'static str,
    pub conditions: Vec<&'a str>,
    pub source_sequence: Option<i64>,
    pub ingestion_timestamp: i64,
    pub platform_sequence: Option<i64>,
    pub vendor_data: Option<Vec<(&'a str, &'a str)>>,
}

/// Type and reason.
pub type Rejection = (&'static str, String);

const FRAME: [u8; 5] = [0, 0, 0, 0, 1];
const ASSET_CLASSES: [&str; 4] = ["equities", "crypto", "futures", "options"];
const SIDES: [&str; 4] = ["BUY", "SELL", "SELL_SHORT", "UNKNOWN"];
const MINUTE_MICROS: i64 = 60_000_000;
const YEAR_MICROS: i64 = 365 * 86_400_000_000;
/// A trillion of the quote asset, in units of 10^-16.
const NOTIONAL_LIMIT: i128 = 1_000_000_000_000 * 10_i128.pow(16);

struct Reader<'a> {
    bytes: &'a [u8],
}

type Read<T> = Result<T, String>;

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or("the message ends too early")?;
        self.bytes = rest;
        Ok(taken)
    }

    fn long(&mut self) -> Read<i64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err("a number has over ten bytes".into())
    }

    fn sized(&mut self) -> Read<&'a [u8]> {
        let length = usize::try_from(self.long()?).map_err(|_| "a length is negative")?;
        self.take(length)
    }

    fn text(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.sized()?).map_err(|error| error.to_string())
    }

    fn decimal(&mut self) -> Read<i128> {
        let bytes = self.sized()?;
        if bytes.is_empty() || bytes.len() > 16 {
            return Err(format!("a decimal has {} bytes", bytes.len()));
        }
        let sign = if bytes[0] >= 0x80 { -1 } else { 0 };
        Ok(bytes.iter().fold(sign, |value, &byte| value << 8 | i128::from(byte)))
    }

    fn symbol_of(&mut self, symbols: &[&'static str]) -> Read<&'static str> {
        let index = self.long()?;
        symbols.get(index as usize).copied().ok_or(format!("an enum has no symbol {index}"))
    }

    fn is_there(&mut self) -> Read<bool> {
        match self.long()? {
            0 => Ok(false),
            1 => Ok(true),
            branch => Err(format!("a union has no branch {branch}")),
        }
    }

    fn optional_long(&mut self) -> Read<Option<i64>> {
        if self.is_there()? { Ok(Some(self.long()?)) } else { Ok(None) }
    }

    /// The items of an array or a map, which come in blocks; a negative count is followed by the block's size.
    fn items<T>(&mut self, mut item: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut items = Vec::new();
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(items);
            }
            if count < 0 {
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                items.push(item(self)?);
            }
        }
    }
}

/// The trade of a message. The error is the reason why it is none.
pub fn decode(message: &[u8]) -> Read<Trade<'_>> {
    let body = message.strip_prefix(&FRAME).ok_or("the message does not begin with the frame of schema 1")?;
    let mut reader = Reader { bytes: body };
    let trade = Trade {
        message_id: reader.text()?,
        trade_id: reader.text()?,
        symbol: reader.text()?,
        exchange: reader.text()?,
        asset_class: reader.symbol_of(&ASSET_CLASSES)?,
        timestamp: reader.long()?,
        price: reader.decimal()?,
        quantity: reader.decimal()?,
        currency: reader.text()?,
        side: reader.symbol_of(&SIDES)?,
        conditions: reader.items(Reader::text)?,
        source_sequence: reader.optional_long()?,
        ingestion_timestamp: reader.long()?,
        platform_sequence: reader.optional_long()?,
        vendor_data: if reader.is_there()? { Some(reader.items(|r| Ok((r.text()?, r.text()?)))?) } else { None },
    };
    if reader.bytes.is_empty() { Ok(trade) } else { Err(format!("{} bytes are left over", reader.bytes.len())) }
}

/// Which rule the trade breaks, if any. `exchange`: the code that it must carry; `kafka_micros`: the record's time.
pub fn check(trade: &Trade, exchange: &str, kafka_micros: i64) -> Option<Rejection> {
    let is_identifier = |text: &str| text.chars().count() <= 128 && !text.chars().any(char::is_control);
    if trade.price <= 0 {
        return Some(("price_validation", format!("price {} is not above zero", trade.price)));
    }
    if trade.quantity <= 0 {
        return Some(("quantity_validation", format!("quantity {} is not above zero", trade.quantity)));
    }
    let distance = trade.timestamp - kafka_micros;
    if trade.timestamp <= 0 || !(-YEAR_MICROS..=MINUTE_MICROS).contains(&distance) {
        return Some(("timestamp_validation", format!("timestamp {} is too far from Kafka's", trade.timestamp)));
    }
    if !is_symbol(trade.symbol) {
        return Some(("symbol_validation", format!("symbol {:?}", trade.symbol)));
    }
    if trade.price.checked_mul(trade.quantity).is_none_or(|notional| notional >= NOTIONAL_LIMIT) {
        return Some(("notional_validation", "price times quantity is too large".into()));
    }
    if !is_identifier(trade.trade_id) || !is_identifier(trade.currency) {
        return Some(("text_validation", "trade_id or currency".into()));
    }
    if trade.ingestion_timestamp < 0 {
        return Some(("timestamp_validation", format!("ingestion_timestamp {}", trade.ingestion_timestamp)));
    }
    if trade.side != "BUY" && trade.side != "SELL" {
        return Some(("side_validation", format!("side {}", trade.side)));
    }
    if uuid(trade.message_id).is_none() {
        return Some(("message_id_validation", format!("message_id {:?} is not a UUID", trade.message_id)));
    }
    if trade.asset_class != "crypto" {
        return Some(("asset_class_validation", format!("asset_class {}", trade.asset_class)));
    }
    if trade.exchange != exchange {
        return Some(("exchange_validation", format!("exchange {:?} is not {exchange}", trade.exchange)));
    }
    None
}

fn is_symbol(text: &str) -> bool {
    let is_allowed = |c: char| (c.is_alphanumeric() && !c.is_lowercase()) || "_.-".contains(c);
    (1..=64).contains(&text.chars().count()) && text.chars().all(is_allowed)
}

/// The number that a UUID's text, 8-4-4-4-12 hexadecimal digits, stands for.
pub fn uuid(text: &str) -> Option<u128> {
    let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut value = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        if matches!(i, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
        } else {
            value = value << 4 | u128::from(char::from(byte).to_digit(16)?);
        }
    }
    Some(value)
}
