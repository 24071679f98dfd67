/** Answers that are errors, by name, as the REST catalog specification's IcebergErrorResponse has them. */
import { TradelakeError } from '../domain/errors.ts'

/** An error with its HTTP status and the name that clients know it by. */
export class ApiError extends TradelakeError {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 422 | 500 | 503
  /** The class of Iceberg's Java library that clients turn it into. */
  readonly type: string
  /** `cause`: why, where clients need not know. */
  constructor(status: ApiError['status'], type: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.type = type
  }
}

export const badRequest = (message: string) => new ApiError(400, 'BadRequestException', message)
export const forbidden = (message: string) => new ApiError(403, 'ForbiddenException', message)
export const notAuthorized = (message: string) => new ApiError(401, 'NotAuthorizedException', message)
export const alreadyExists = (message: string) => new ApiError(409, 'AlreadyExistsException', message)
export const commitFailed = (message: string) => new ApiError(409, 'CommitFailedException', message)
export const noSuchNamespace = (name: string) =>
  new ApiError(404, 'NoSuchNamespaceException', `Namespace does not exist: ${name}`)
export const noSuchTable = (name: string) => new ApiError(404, 'NoSuchTableException', `Table does not exist: ${name}`)
export const noSuchView = (name: string) => new ApiError(404, 'NoSuchViewException', `View does not exist: ${name}`)
