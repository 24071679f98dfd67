/** The columns of `data_losses`, under the rules of domain/table-columns.ts. */
import type { Column } from './column-types.ts'
import { optional, required } from './table-columns.ts'

/** What a repair found to be lost for good. */
export const LOSS_COLUMNS: readonly Column[] = [
  required(1, 'loss_id', 'string', 'Made up for this loss: a UUID.'),
  required(2, 'table_name', 'string', 'Table that lost the rows.'),
  required(3, 'partition', 'string', 'Partition that lost them. Empty where it is not known.'),
  required(4, 'file', 'string', 'Key of the file that was missing or damaged, or of the manifest that named files.'),
  required(5, 'rows', 'long', 'Rows of it that nothing brought back.'),
  optional(6, 'from_time', 'timestamptz', "Least time of the file's rows, UTC. Null where it is not known."),
  optional(7, 'to_time', 'timestamptz', "Greatest time of the file's rows, UTC. Null where it is not known."),
  required(8, 'reason', 'string', 'What was wrong with the file, in words.'),
  required(9, 'found_at', 'timestamptz', 'When the repair found it, UTC.'),
  required(10, 'found_date', 'date', 'UTC date of found_at.'),
  optional(11, 'accepted_at', 'timestamptz', 'When a person acknowledged the loss, UTC. Null until then.'),
  optional(
    12,
    'rows_before',
    'long',
    'Rows of the partition (of the table where that is not known) before the loss, while the repair that found it has not ended. Else null.',
  ),
]
