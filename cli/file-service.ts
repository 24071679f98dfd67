/** Files of a deployed lake for who has no credentials of his own: requests signed here. */
import { systemClock } from '../adapters/system.ts'
import type { ApiOptions } from '../api/app.ts'
import { BadInput } from '../domain/errors.ts'

/** How clients get at a deployed lake's files; those of a folder they reach by themselves. @throws BadInput */
export async function fileService({
  stack,
  'files-role': roleArn,
}: {
  readonly stack: string | undefined
  readonly 'files-role'?: string | undefined
}): Promise<ApiOptions['service']> {
  if (roleArn !== undefined && stack === undefined)
    throw new BadInput('--files-role is for a lake in S3: give --stack NAME too.')
  if (roleArn !== undefined && !/^arn:[\w-]+:iam::\d{12}:role\/\S+$/.test(roleArn))
    throw new BadInput(`--files-role ${roleArn} is not the ARN of a role, as arn:aws:iam::111122223333:role/files.`)
  if (stack === undefined) return undefined
  const [{ clientRegion }, { s3FileService }] = await Promise.all([
    import('../adapters/aws-clients.ts'),
    import('../adapters/file-service.ts'),
  ])
  return s3FileService({ region: await clientRegion(), roleArn, now: systemClock().now })
}
