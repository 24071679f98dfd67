/** Why a catalog refuses a change; each kind has its own answer in the REST protocol. */
import { TradelakeError } from '../../domain/errors.ts'

/** What was asked can never be done: it would make a table that no reader understands. */
export class Invalid extends TradelakeError {
  /** The class of Iceberg's Java library that clients turn it into. */
  readonly type: string
  constructor(message: string, type = 'BadRequestException') {
    super(message)
    this.type = type
  }
}

/** The table is not what the writer saw: it may read it again and try again. */
export class RequirementFailed extends TradelakeError {}
