import { expect, test } from 'vitest'
import { z } from 'zod'
import { openApi } from '../../../../node/surface/http/openapi.ts'
import { pathInputs } from '../../../../node/surface/operation.ts'
import { allOperations } from '../../../../node/surface/operations.ts'

const document = openApi(allOperations, '1.2.3')

/** The parts of OpenAPI 3.1 that the document uses, strictly: an unknown member fails. */
const media = z.record(z.string(), z.strictObject({ schema: z.looseObject({}) }))
const operation = z.strictObject({
  operationId: z.string().optional(),
  tags: z.array(z.string()),
  summary: z.string().min(5),
  security: z.array(z.unknown()).optional(),
  parameters: z
    .array(
      z.strictObject({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean(),
        schema: z.looseObject({}),
      }),
    )
    .optional(),
  requestBody: z.strictObject({ required: z.boolean(), content: media }).optional(),
  responses: z.record(
    z.string().regex(/^(200|201|default)$/),
    z.strictObject({ description: z.string(), content: media }),
  ),
})
const shape = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d$/),
  info: z.looseObject({ title: z.string(), version: z.literal('1.2.3') }),
  servers: z.array(z.unknown()),
  security: z.array(z.unknown()),
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'post', 'put', 'delete']), operation),
  ),
  components: z.looseObject({}),
})

test('the document has the shape of OpenAPI 3.1, and an operation for each of the table', () => {
  const { paths } = shape.parse(document)
  for (const { method, path, name, status } of allOperations) {
    const methods = paths[path]
    const described = methods?.[z.enum(['get', 'post', 'put', 'delete']).parse(method.toLowerCase())]
    expect(described?.operationId).toBe(name)
    expect(Object.keys(described?.responses ?? {})).toEqual([String(status), 'default'])
    const inPath = (described?.parameters ?? []).filter(parameter => parameter.in === 'path')
    expect(inPath.map(parameter => parameter.name)).toEqual(pathInputs(path))
  }
})

test('every reference in the document leads somewhere in it', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map(
    match => match[1] ?? '',
  )
  expect(references.length).toBeGreaterThan(0)
  for (const reference of references) {
    let at: unknown = document
    for (const key of reference.split('/').slice(1)) at = z.looseObject({}).parse(at)[key]
    expect(at, reference).toBeTypeOf('object')
  }
})

test('the idempotency key is a header, and the transcript is the whole body', () => {
  const { paths } = shape.parse(document)
  const capture = paths['/api/v1/episodes']?.post
  expect(capture?.parameters).toMatchObject([{ name: 'Idempotency-Key', in: 'header', required: false }])
  expect(capture?.requestBody?.content['application/json']?.schema).toHaveProperty('anyOf')
})

test('a body is required exactly where none is refused', () => {
  const { paths } = shape.parse(document)
  const required = (path: string) => (paths[path]?.post ?? paths[path]?.put)?.requestBody?.required
  expect(required('/api/v1/invites')).toBe(false)
  expect(required('/api/v1/recall')).toBe(true)
  expect(required('/api/v1/episodes')).toBe(true)
  expect(required('/api/v1/entries')).toBe(true)
  expect(required('/api/v1/peers/{id}/trust')).toBe(true)
})
