/**
 * One operation of the node, as every surface meets it: its name and path, what goes in, what comes out, and
 * the handler. The table in operations.ts is made of these, and HTTP, OpenAPI and the command line are made
 * from the table, so that none can drift.
 */

import type { z } from 'zod'
import type { Failure, Result } from '../../protocol/types.ts'
import type { SwarmloreNode } from '../api.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** What a handler may return for an output schema: the same shape, and it may be read-only. */
type Given<T> = T extends readonly (infer Item)[]
  ? readonly Given<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Given<T[Key]> }
    : T

interface Definition<Input extends z.ZodObject, Output extends z.ZodType> {
  /** Camel case, a verb first: the operation's id in OpenAPI. */
  readonly name: string
  readonly group: string
  /** One sentence without a full stop. */
  readonly summary: string
  readonly method: Method
  /** `{name}` takes the input of that name. Other inputs come from the query (GET, DELETE) or the JSON body. */
  readonly path: string
  readonly input: Input
  readonly output: Output
  readonly status: 200 | 201
  /** It needs the network; others work on the stored data when no node is running. */
  readonly needsRunning: boolean
  /** The input that is the whole body, where the body is not an object of inputs. */
  readonly bodyInput?: string
  /** Inputs that come from a header. */
  readonly headers?: Readonly<Record<string, string>>
  /** Larger bodies are allowed: whole transcripts. */
  readonly largeBody?: boolean
  readonly handler: (
    node: SwarmloreNode,
    input: z.output<Input>,
  ) => Promise<Result<Given<z.input<Output>>>> | Result<Given<z.input<Output>>>
}

export interface Operation<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType>
  extends Omit<Definition<Input, Output>, 'handler'> {
  /**
   * Checks the input, and runs the handler. A bad input is a value with the code `bad-input`. What comes out is what
   * the schema says and no more, so that what the node keeps beside it does not slip out.
   */
  run(node: SwarmloreNode, input: unknown): Promise<Result<unknown>>
}

export function operation<Input extends z.ZodObject, Output extends z.ZodType>(
  definition: Definition<Input, Output>,
): Operation<Input, Output> {
  const { handler, ...described } = definition
  return {
    ...described,
    run: async (node, input) => {
      const parsed = definition.input.safeParse(input)
      if (!parsed.success) return badInput(parsed.error)
      const done = await handler(node, parsed.data)
      return done.ok ? { ok: true, value: definition.output.parse(done.value) } : done
    },
  }
}

/** At most three complaints, each with the place of what it complains about. */
function badInput(error: z.ZodError): Failure<'bad-input'> {
  const complaints = error.issues.slice(0, 3).map(issue => {
    const place = issue.path.map(String).join('.')
    return place === '' ? issue.message : `${place}: ${issue.message}`
  })
  return { ok: false, code: 'bad-input', message: `The input is not valid. ${complaints.join('; ')}.` }
}

/** Names in the path, in order. */
export function pathInputs(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1] ?? '')
}
