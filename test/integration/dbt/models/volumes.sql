{{ config(materialized='table') }}
select exchange, symbol, count(*) as trades, sum(quantity) as quantity, min(price) as lowest, max(price) as highest
from {{ source('market_data', 'gold_crypto_trades') }}
group by all
