/** The OpenAPI 3.1 document, made from the table of operations: its schemas are the ones that check the input. */

import { z } from 'zod'
import { type Operation, pathInputs } from '../operation.ts'
import { problemSchema } from './problem.ts'

type JsonObject = { [key: string]: unknown }

const problemAnswer = {
  description: 'What went wrong, and what to do next',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

export function openApi(operations: readonly Operation[], version: string): JsonObject {
  const paths: { [path: string]: JsonObject } = {}
  for (const operation of operations) {
    const methods = paths[operation.path] ?? {}
    methods[operation.method.toLowerCase()] = describe(operation)
    paths[operation.path] = methods
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Swarmlore node',
      version,
      description: 'What one node captured, distilled and received from its swarm. Times are milliseconds.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths: { ...paths, ...plainPaths },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
    },
  }
}

function describe(operation: Operation): JsonObject {
  const { properties, required } = objectSchema(jsonSchema(operation.input, 'input'))
  const inPath = pathInputs(operation.path)
  const headers = operation.headers ?? {}
  const byBody = operation.method === 'POST' || operation.method === 'PUT'
  const parameters: JsonObject[] = []
  const inBody: JsonObject = {}
  for (const [name, schema] of Object.entries(properties)) {
    const header = headers[name]
    if (inPath.includes(name)) parameters.push({ name, in: 'path', required: true, schema })
    else if (header !== undefined) parameters.push({ name: header, in: 'header', required: false, schema })
    else if (!byBody) parameters.push({ name, in: 'query', required: required.includes(name), schema })
    else inBody[name] = schema
  }
  return {
    operationId: operation.name,
    tags: [operation.group],
    summary: operation.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(Object.keys(inBody).length > 0 && { requestBody: body(operation, inBody, required) }),
    responses: {
      [operation.status]: {
        description: 'Done',
        content: { 'application/json': { schema: jsonSchema(operation.output, 'output') } },
      },
      default: problemAnswer,
    },
  }
}

function body({ bodyInput, input }: Operation, inBody: JsonObject, required: readonly string[]): JsonObject {
  const schema =
    bodyInput === undefined
      ? {
          type: 'object',
          properties: inBody,
          required: required.filter(name => name in inBody),
          additionalProperties: false,
        }
      : inBody[bodyInput]
  // With inputs in the path nothing alone is never valid, and such an operation's body says what to do with what is named.
  return { required: !input.safeParse({}).success, content: { 'application/json': { schema } } }
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, reused: 'inline' })
  return rest
}

function objectSchema(schema: JsonObject): { properties: JsonObject; required: string[] } {
  const parsed = z
    .object({
      properties: z.record(z.string(), z.unknown()).default({}),
      required: z.array(z.string()).default([]),
    })
    .parse(schema)
  return parsed
}

const plain = (summary: string, type: string, open: boolean): JsonObject => ({
  get: {
    tags: ['node'],
    summary,
    ...(open && { security: [] }),
    responses: {
      200: { description: 'Done', content: { [type]: { schema: {} } } },
      default: problemAnswer,
    },
  },
})

/** Paths that are no operations. */
const plainPaths: JsonObject = {
  '/api/v1/events': plain('What happens in the node, as server-sent events', 'text/event-stream', false),
  '/healthz': plain('The process answers', 'text/plain', true),
  '/readyz': plain('The swarms are open', 'text/plain', true),
  '/openapi.json': plain('This document', 'application/json', false),
}
