/**
 * What goes wrong between nodes and is nobody's bug: a peer that is away, stalls, or sends too much. The ports
 * speak of rejections here, so it is an error with a stable code, like the system's own.
 */

export type NetworkCode =
  | 'port-in-use'
  | 'cannot-listen'
  | 'address-invalid'
  | 'peer-unreachable'
  | 'peer-refused'
  | 'message-too-large'
  | 'message-cut-short'
  | 'block-not-found'
  | 'block-too-large'
  | 'closed'

export class NetworkFailure extends Error {
  override readonly name = 'NetworkFailure'
  readonly code: NetworkCode

  constructor(code: NetworkCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
