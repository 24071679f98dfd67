/** Parquet schema of a table: Iceberg's type mapping (spec appendix A, "Parquet") with every field id. */
import type { SchemaElement } from 'hyparquet'
import { type Column, decimalType, isBigDecimal, type PrimitiveType } from '../../domain/column-types.ts'
import { decimalToBytes } from '../../domain/decimal.ts'
import type { TableDefinition } from '../../domain/tables.ts'

/** Bytes of a decimal of more than 18 digits: the fewest that hold them (spec appendix A, "Parquet"). */
function decimalBytes(precision: number): number {
  return decimalToBytes(10n ** BigInt(precision) - 1n).length
}

/** A leaf column as the encoder writes it. */
export interface Leaf {
  readonly column: Column
  readonly element: SchemaElement
  readonly path: readonly string[]
  readonly maxDefinition: number
  readonly maxRepetition: number
}

export interface ParquetSchema {
  readonly elements: SchemaElement[]
  readonly leaves: readonly Leaf[]
}

/** The element of a flat column, or of what is nested in one. */
export function primitive(name: string, type: PrimitiveType, id: number, required: boolean): SchemaElement {
  const base = { name, field_id: id, repetition_type: required ? ('REQUIRED' as const) : ('OPTIONAL' as const) }
  const decimal = decimalType(type)
  if (decimal) {
    const { precision, scale } = decimal
    const logical = {
      converted_type: 'DECIMAL' as const,
      precision,
      scale,
      logical_type: { type: 'DECIMAL' as const, precision, scale },
    }
    return !isBigDecimal(type)
      ? { ...base, type: 'INT64', ...logical }
      : { ...base, type: 'FIXED_LEN_BYTE_ARRAY', type_length: decimalBytes(precision), ...logical }
  }
  switch (type) {
    case 'int':
      return { ...base, type: 'INT32' }
    case 'long':
      return { ...base, type: 'INT64' }
    case 'float':
      return { ...base, type: 'FLOAT' }
    case 'double':
      return { ...base, type: 'DOUBLE' }
    case 'date':
      return { ...base, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }
    case 'timestamptz':
      return {
        ...base,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      }
    case 'string':
      return { ...base, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
    default:
      return { ...base, type: 'BYTE_ARRAY' }
  }
}

/** The schema elements in file order, and the leaves in the same order. */
export function parquetSchema(columns: readonly Column[]): ParquetSchema {
  const elements: SchemaElement[] = [{ name: 'table', num_children: columns.length }]
  const leaves: Leaf[] = []
  for (const column of columns) {
    const optional = column.required ? 0 : 1
    const repetition_type = column.required ? 'REQUIRED' : 'OPTIONAL'
    const group = { name: column.name, field_id: column.id, repetition_type, num_children: 1 } as const
    const [first, second] = column.nestedIds ?? []
    const leaf = (element: SchemaElement, path: string[], definition: number, repetition: number) => {
      elements.push(element)
      leaves.push({
        column,
        element,
        path: [column.name, ...path],
        maxDefinition: definition,
        maxRepetition: repetition,
      })
    }
    if (column.type === 'list<string>') {
      elements.push({ ...group, converted_type: 'LIST', logical_type: { type: 'LIST' } })
      elements.push({ name: 'list', repetition_type: 'REPEATED', num_children: 1 })
      leaf(primitive('element', 'string', first, true), ['list', 'element'], optional + 1, 1)
    } else if (column.type === 'map<string,string>') {
      elements.push({ ...group, converted_type: 'MAP', logical_type: { type: 'MAP' } })
      elements.push({ name: 'key_value', repetition_type: 'REPEATED', num_children: 2 })
      leaf(primitive('key', 'string', first, true), ['key_value', 'key'], optional + 1, 1)
      leaf(primitive('value', 'string', second, true), ['key_value', 'value'], optional + 1, 1)
    } else {
      leaf(primitive(column.name, column.type, column.id, column.required), [], optional, 0)
    }
  }
  return { elements, leaves }
}

/**
 * The names of the table's columns in a file: found by field id, or by name where an engine wrote no ids. A column that
 * is not among the keys is not in the file.
 */
export function namesInFile(elements: readonly SchemaElement[], table: TableDefinition): Map<string, string> {
  const top: SchemaElement[] = []
  let at = 1
  const skip = () => {
    const { num_children: children = 0 } = elements[at++]
    for (let child = 0; child < children; child++) skip()
  }
  while (at < elements.length) {
    top.push(elements[at])
    skip()
  }
  const hasIds = top.some(element => element.field_id !== undefined)
  const names = new Map<string, string>()
  for (const { id, name } of table.columns) {
    const element = top.find(candidate => (hasIds ? candidate.field_id === id : candidate.name === name))
    if (element) names.set(name, element.name)
  }
  return names
}
