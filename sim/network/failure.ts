/** What goes wrong between simulated nodes and is nobody's bug, under the name and codes of the real network's failures. */

type FailureCode =
  | 'address-invalid'
  | 'peer-unreachable'
  | 'peer-refused'
  | 'message-too-large'
  | 'block-not-found'
  | 'closed'

export class NetworkFailure extends Error {
  override readonly name = 'NetworkFailure'
  readonly code: FailureCode

  constructor(code: FailureCode, message: string) {
    const { stackTraceLimit } = Error
    // Thousands of these are expected; where each was made says nothing, and takes longer than what failed.
    Error.stackTraceLimit = 0
    super(message)
    Error.stackTraceLimit = stackTraceLimit
    this.code = code
  }
}
