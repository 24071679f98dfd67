import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { bronzeTable, candleTable, GOLD_TABLE } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { applyTransform, monthOf, partitionOf, partitionPath } from '../../iceberg/partitions.ts'

const daily = candleTable(TIMEFRAMES.find(timeframe => timeframe.partition === 'month')!)

describe('partitions', () => {
  test('months count from January 1970, before it backwards', () => {
    expect(monthOf(0)).toBe(0)
    expect(monthOf(-1)).toBe(-1)
    expect(monthOf(31)).toBe(1)
    expect(monthOf(20_777)).toBe(682)
  })

  test('a transform keeps the order of what it is given', () => {
    fc.assert(
      fc.property(fc.integer({ min: -800_000, max: 800_000 }), fc.nat(50_000), (day, later) => {
        for (const transform of ['day', 'month', 'identity'] as const)
          expect(applyTransform(transform, 'date', day + later)).toBeGreaterThanOrEqual(
            applyTransform(transform, 'date', day) as number,
          )
      }),
    )
  })

  test('the day of a time before 1970 is the day that it falls on', () => {
    expect(applyTransform('day', 'timestamptz', -1n)).toBe(-1)
    expect(applyTransform('day', 'timestamptz', 86_400_000_000n)).toBe(1)
  })

  test('folders are named as Iceberg names them', () => {
    const gold = partitionOf(GOLD_TABLE, { exchange_date: 20_777, exchange_hour: 7 })
    expect(gold).toEqual({ exchange_date: 20_777, exchange_hour: 7 })
    expect(partitionPath(GOLD_TABLE, gold)).toBe('exchange_date=2026-11-20/exchange_hour=7')
    const bronze = bronzeTable(EXCHANGES[0])
    expect(partitionPath(bronze, partitionOf(bronze, { ingestion_date: 20_777 }))).toBe('ingestion_date_day=2026-11-20')
    expect(partitionPath(daily, partitionOf(daily, { window_date: 20_777 }))).toBe('window_date_month=2026-11')
    expect(partitionPath(daily, { window_date_month: -1 })).toBe('window_date_month=1969-12')
    expect(partitionPath(daily, { window_date_month: null })).toBe('window_date_month=null')
  })
})
