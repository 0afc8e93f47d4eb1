/**
 * The body of a `digest` record: the signed announcement of an entry. The predecessor travels as `prior`, since
 * the longer name would not leave room for everything within 480 bytes. SPEC section "digest".
 */

import { type BodyContext, type BodyResult, bodyResult, dayOf } from './body.ts'
import { Fields } from './fields.ts'
import { bytesOfId, multiformatsCidOf, spaceIdOfHash } from './identity.ts'
import { entryBytesMax, shardsMax, sketchBytesMax } from './limits.ts'
import type { DigestBody, SpaceId } from './types.ts'

export function digestToWire(body: DigestBody): unknown {
  return {
    cid: multiformatsCidOf(body.cid),
    size: body.size,
    shard: body.shard,
    created: body.created,
    space: bytesOfId(body.space),
    sketch: body.sketch,
    ...(body.expires === undefined ? {} : { expires: body.expires }),
    ...(body.supersedes === undefined ? {} : { prior: multiformatsCidOf(body.supersedes) }),
  }
}

export function digestFromWire(value: unknown, { t }: BodyContext): BodyResult<DigestBody> {
  const fields = new Fields(value)
  const cid = fields.link('cid')
  const size = fields.integer('size', 1, entryBytesMax)
  const shard = fields.integer('shard', 0, shardsMax - 1)
  const created = fields.seconds('created')
  const expires = fields.has('expires') ? fields.day('expires') : undefined
  const spaceBytes = fields.bytes('space', 32)
  const sketch = fields.bytes('sketch', 1, sketchBytesMax)
  const supersedes = fields.has('prior') ? fields.link('prior') : undefined
  fields.require(created <= t, 'created must not be after the record’s own time')
  fields.require(
    expires === undefined || expires >= dayOf(created),
    'expires must not be before the day of created',
  )
  fields.require(supersedes !== cid, 'prior must be another entry')
  const problem = fields.problem()
  return bodyResult(problem, {
    cid,
    size,
    shard,
    created,
    space: problem === undefined ? spaceIdOfHash(spaceBytes) : ('' as SpaceId),
    sketch,
    ...(expires === undefined ? {} : { expires }),
    ...(supersedes === undefined ? {} : { supersedes }),
  })
}
